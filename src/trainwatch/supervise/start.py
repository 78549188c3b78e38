"""Start a job under a shim, with everything written that its supervisor needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from trainwatch.hook import install
from trainwatch.model.errors import NotWrittenError, TrainwatchError
from trainwatch.model.facts import Given
from trainwatch.model.snapshot import RunInfo
from trainwatch.store import index
from trainwatch.store.create import create
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.supervise import output, requeue, spawn
from trainwatch.supervise.machine import Limits
from trainwatch.supervise.may import May
from trainwatch.supervise.output import Output
from trainwatch.supervise.terms import Terms
from trainwatch.supervise.tree import launcher_of, launchers


class CannotExecuteError(TrainwatchError):
    """The command is there and may not be executed."""

    exit_code = 126


class CommandNotFoundError(TrainwatchError):
    """There is no such command."""

    exit_code = 127


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start and under which conditions. `share`: the group may watch. `log` None: our own stdout if that is a file, else `./NAME_ID.out`.

    The last ones are those of `Terms`.
    """

    command: tuple[str, ...]
    name: str
    may: May
    limits: Limits
    preset: str = "default"
    stated: Mapping[str, Given] = field(default_factory=dict)
    formats: tuple[str, ...] | None = None
    log: Path | None = None
    append: bool = False
    hook: bool = False
    unsaved: bool = False
    read_only: bool = False
    closing: tuple[str, ...] = ()
    ends_at: float | None = None
    before_end: float | None = None
    signal_grace: float | None = None
    save_by: str = ""
    veto_if_attended: bool = False
    share: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """A job that runs. `shim` is its parent and our child. `grace`: seconds from our SIGTERM to the end, None: it is passed on at once.

    `earlier` is the run whose next attempt it is, empty when it is a run of its own.
    """

    run_dir: RunDir
    run: RunFile
    shim: subprocess.Popen[bytes]
    inherited: bool
    grace: float | None = None
    earlier: str = ""


def check(command: Sequence[str]) -> None:
    """Raises CommandNotFoundError or CannotExecuteError when this cannot be started."""
    if shutil.which(command[0]) is not None:
        return
    if os.sep in command[0] and Path(command[0]).exists():
        raise CannotExecuteError(f"{command[0]}: is not executable; nothing was started")
    raise CommandNotFoundError(f"{command[0]}: command not found; nothing was started")


def start(plan: Plan, *, now: float, environ: Mapping[str, str]) -> Started:
    """Start the job. `now` in Unix seconds. Raises a TrainwatchError when nothing was started."""
    check(plan.command)
    mine = output.inherited() if plan.log is None else None
    here = plan.log or (Path(mine.logs[0]) if mine is not None else Path.cwd() / "x")
    run_dir = create(plan.name, now=now, log=here, environ=environ, share=plan.share)
    try:
        stem = _log_stem(run_dir.path.name, plan.name, environ)
        again = plan.append or (plan.log is None and requeue.restarts(environ) > 0)
        out = mine or output.created(plan.log or Path.cwd() / f"{stem}.out", append=again)
    except TrainwatchError:
        shutil.rmtree(run_dir.path)
        raise
    try:
        attempt, earlier = requeue.begin(run_dir, plan.name, out.starts, now=now, environ=environ)
        run = replace(_run_file(plan, run_dir, out, now, environ), attempt=attempt)
        run.save(run_dir)
        with suppress(NotWrittenError):  # it is then found by its folder only
            index.register(run_dir, environ)
        grace = plan.signal_grace if plan.may.save else None
        return Started(run_dir, run, spawn.shim(run_dir, out.out, out.err), out.inherited, grace, earlier)
    finally:
        out.close()


def _run_file(plan: Plan, run_dir: RunDir, out: Output, now: float, environ: Mapping[str, str]) -> RunFile:
    """run.json, with the job's environment and the hook in place."""
    info = RunInfo(
        id=run_dir.path.name,
        name=plan.name,
        sources=out.logs,
        command=plan.command,
        host=os.uname().nodename,
        directory=str(run_dir.path),
        job_id=environ.get("SLURM_JOB_ID", ""),
        started_at=now,
        supervised=True,
        may=str(plan.may),
    )
    terms = Terms(
        plan.may,
        plan.limits,
        _environment(plan, run_dir, environ),
        spawn.supervisor_command(run_dir),
        out.starts,
        plan.unsaved,
        plan.read_only,
        closing=plan.closing,
        ends_at=plan.ends_at,
        before_end=plan.before_end,
        signal_grace=plan.signal_grace,
        save_by=plan.save_by,
        veto_if_attended=plan.veto_if_attended,
    )
    extra = {**terms.extra(), **requeue.said(environ)}
    return RunFile(info, plan.preset, plan.formats, plan.stated, os.fspath(Path.cwd()), extra)


def _environment(plan: Plan, run_dir: RunDir, environ: Mapping[str, str]) -> dict[str, str]:
    """What the job's environment holds beyond ours."""
    added = {"TRAINWATCH_RUN_DIR": str(run_dir.path)}
    if plan.hook:
        install.install(run_dir.hook)
        try:
            added["PYTHONPATH"] = install.environment(run_dir.hook, environ)["PYTHONPATH"]
        except ValueError as error:
            raise TrainwatchError(f"{error}; set TRAINWATCH_HOME to another place, or write --hook none. Nothing was started") from error
    elif launcher_of(plan.command) not in launchers().unbuffered:
        added["PYTHONUNBUFFERED"] = "1"
    return added


def _log_stem(run_id: str, name: str, environ: Mapping[str, str]) -> str:
    """NAME_ID of a log: the Slurm job's number where there is one, else the run's own."""
    job = environ.get("SLURM_JOB_ID", "")
    return f"{name}_{job}" if job else f"{name}_{run_id.removeprefix(f'{name}-')}"
