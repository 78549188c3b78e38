"""Supervise a job that somebody else started, from its log; and take up again a run whose supervisor is gone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotWrittenError, UsageError
from trainwatch.model.facts import Given
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.store import index, openrun
from trainwatch.store.create import check_ours, create
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.supervise import discover, processes, slurm, spawn, tree
from trainwatch.supervise.processes import Proc
from trainwatch.supervise.terms import Terms


def start(
    logs: Path | Sequence[Path],
    terms: Terms,
    *,
    now: float,
    environ: Mapping[str, str],
    preset: str = "default",
    name: str = "",
    stated: Mapping[str, Given] | None = None,
    formats: Sequence[str] | None = None,
    job_id: str = "",
    parts: Sequence[Part] = (),
    share: bool = False,
) -> RunDir:
    """Start a supervisor for the job that writes these logs; returns its run directory.

    A run that already has the first log and has not ended is taken up as it was started. `parts` says what several logs are. `now` in
    Unix seconds; `job_id` is a Slurm job's, empty: that of the processes found. Raises NotFoundError when nobody writes the logs,
    NotWrittenError when no run directory can be made, TrainwatchError when no supervisor can be started.
    """
    paths = [Path(log).resolve() for log in ([logs] if isinstance(logs, Path) else logs)]
    known = next((run for run in openrun.of_log(paths[0], environ) if not openrun.ended(run)), None)
    if known is not None:
        revive(known)
        return known
    writers = discover.writers(paths)
    if not writers and not job_id:
        raise NotFoundError(
            f"{paths[0]}: no process of yours on this machine writes it, so there is no job to supervise; it can be read without --may"
        )
    if not terms.any_user:
        _check_ours(writers, job_id)
    run_dir = create(name or paths[0].stem, now=now, log=paths[0], environ=environ, share=share)
    job = tree.recognised(writers) or writers
    info = RunInfo(
        id=run_dir.path.name,
        name=name or paths[0].stem,
        sources=tuple(map(str, paths)),
        command=job[0].argv if job else (),
        host=os.uname().nodename,
        job_id=job_id or next((id_ for proc in writers if (id_ := proc.environ.get("SLURM_JOB_ID"))), ""),
        started_at=now,
        supervised=True,
        may=str(terms.may),
        parts=tuple(parts),
    )
    cwd = _working_directory(job[0].pid if job else 0) or str(paths[0].parent)
    extra = replace(terms, supervisor=spawn.supervisor_command(run_dir), attached=True).extra()
    RunFile(info, preset, None if formats is None else tuple(formats), stated or {}, cwd, extra).save(run_dir)
    with suppress(NotWrittenError):  # it is then found by its folder only
        index.register(run_dir, environ)
    spawn.supervisor(run_dir)
    return run_dir


def _check_ours(writers: Sequence[Proc], job_id: str) -> None:
    """Raises UsageError for the job of another user: it is watched, and nothing is asked of it or sent to it."""
    job = tree.recognised(writers)
    others = [*processes.of_others(job), *processes.untouchable(job)]
    told = slurm.show(job_id)
    if others:
        what, uid = f"{others[0].title} (pid {others[0].pid})", processes.owner(others[0].pid)
    elif told is not None and told.uid not in (os.geteuid(), None):
        what, uid = f"Slurm job {job_id}", told.uid
    else:
        return
    hint = "; as root write --any-user to act on it all the same" if os.geteuid() == 0 else ""
    raise UsageError(f"{what} belongs to user {uid}: it can be watched, without --may, and not be asked or stopped{hint}")


def _writers(paths: Sequence[Path], job_id: str) -> list[Proc]:
    """Who writes the logs. Raises NotFoundError when nobody does and no Slurm job is named."""
    writers = discover.writers(paths)
    if not writers and not job_id:
        raise NotFoundError(
            f"{paths[0]}: no process of yours on this machine writes it, so there is no job to supervise; it can be read without --may"
        )
    return writers


def revive(run_dir: RunDir) -> bool:
    """Start a supervisor for a run of ours that has lost its own; False when it has one. Raises TrainwatchError."""
    check_ours(run_dir.path)
    if spawn.supervised(run_dir):
        return False
    spawn.supervisor(run_dir)
    return True


def _working_directory(pid: int) -> str:
    """Where a process runs; empty when it cannot be told."""
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""
