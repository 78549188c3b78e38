"""A batch job that Slurm runs again: the next attempt of the run that it was.

Its run directory is a new one, because an end, a stop and requests belong to one attempt. What was seen of the attempts before is taken
over into it, and what was decided in them is remembered, so that the fold goes on where it was.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotWrittenError
from trainwatch.model.inputs import UNKNOWN_TIME, Chunk, Order
from trainwatch.sources.reread import Reread
from trainwatch.store import openrun, runfile
from trainwatch.store.arrivals import Arrivals, Recorded
from trainwatch.store.create import is_ours
from trainwatch.store.files import write_json
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import spawn

PIECE = 128 << 10
"""Bytes of a log that are noted in one go."""

RESTARTS = "restarts"
"""The key of run.json that says how often Slurm had run the job again."""


def restarts(environ: Mapping[str, str]) -> int:
    """How often Slurm has run this batch job again; 0 the first time, and outside of Slurm."""
    count = environ.get("SLURM_RESTART_COUNT", "")
    return int(count) if environ.get("SLURM_JOB_ID") and count.isdecimal() else 0


def said(environ: Mapping[str, str]) -> dict[str, Any]:
    """What a later attempt knows a run of this job by, for `RunFile.extra`."""
    return {RESTARTS: restarts(environ)}


def begin(run_dir: RunDir, name: str, starts: Mapping[str, int], *, now: float, environ: Mapping[str, str]) -> tuple[int, str]:
    """(which attempt begins in a new run directory, the id of the run that had the ones before): (1, "") for a run of its own.

    `starts` is how long each log is, the main one first; `now` in Unix seconds. Raises nothing: a job that cannot take over is started all
    the same.
    """
    old = earlier(name, Path(next(iter(starts))), environ)
    if old is None:
        return 1, ""
    try:
        number = take_over(old, run_dir, starts, now)
        write_json(old.next, {"v": 1, "run": run_dir.path.name})
    except (OSError, NotWrittenError):
        _forget(run_dir)
        return 1, ""
    return number, old.path.name


def earlier(name: str, log: Path, environ: Mapping[str, str]) -> RunDir | None:
    """The run of this name and log that the batch job was before Slurm ran it again; None without one.

    None too where it is not clear which one that was, because the script starts several of one name, and while that one is still supervised.
    """
    count, job = restarts(environ), environ.get("SLURM_JOB_ID", "")
    if not count:
        return None
    known = [(run_dir, runfile.load(run_dir)) for run_dir in openrun.of_log(log, environ) if is_ours(run_dir.path)]
    runs = [(int(run.extra.get(RESTARTS, 0)), run_dir) for run_dir, run in known if (run.info.job_id, run.info.name) == (job, name)]
    newest = max((of for of, _ in runs), default=count)
    fits = [run_dir for of, run_dir in runs if of == newest < count]
    if len(fits) != 1:
        return None
    return fits[0] if openrun.told_all(fits[0]) or not spawn.supervised(fits[0]) else None


def take_over(old: RunDir, new: RunDir, starts: Mapping[str, int], now: float) -> int:
    """Take over what was seen and decided in a run; the number of the attempt that begins now.

    Bytes that the earlier attempt printed and nobody saw are its own, where the log still has them. Raises OSError or NotWrittenError.
    """
    _copy(old, new)
    recorded = Recorded(new.arrivals, lambda *_: b"")
    deque(recorded.read(), maxlen=0)
    number = 1 + max((attempt for attempt, _ in recorded.ends.values()), default=0)
    arrivals = Arrivals(new.arrivals)
    for source, (attempt, end) in recorded.ends.items():
        for chunk in () if recorded.final[source] else _rest(source, attempt, end, starts.get(source, end)):
            arrivals.write(chunk)
    arrivals.write(Order(now, f"attempt-{number}", "attempt", "slurm"))
    arrivals.close()
    return number


def _copy(old: RunDir, new: RunDir) -> None:
    """The inputs of the fold, the bytes that logs have lost, and the journals."""
    if old.arrivals.exists():
        shutil.copy(old.arrivals, new.arrivals)
    for file in old.copies.glob("*.z"):
        shutil.copy(file, new.copies)
    journals = [path.read_bytes() for path in (old.earlier, old.journal) if path.exists()]
    new.earlier.touch(0o600)
    new.earlier.write_bytes(b"".join(journals))


def _forget(new: RunDir) -> None:
    """What was taken over in part is left out as a whole."""
    for path in (new.arrivals, new.earlier, *new.copies.glob("*.z")):
        path.unlink(missing_ok=True)


def _rest(source: str, attempt: int, end: int, start: int) -> Iterator[Chunk]:
    """What an attempt printed from byte `end` until the next one began at `start`; then that nothing follows."""
    fetch = Reread()
    for offset in range(end, start, PIECE):
        yield Chunk(source, offset, fetch(source, offset, min(PIECE, start - offset)), UNKNOWN_TIME, attempt)
    fetch.close()
    yield Chunk(source, max(end, start), b"", UNKNOWN_TIME, attempt, final=True)
