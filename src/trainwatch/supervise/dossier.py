"""What a hung job looked like, gathered before the signal that ends it: afterwards nobody can look any more."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainwatch.model.inputs import Gpu, Sample
from trainwatch.supervise.control import Rank
from trainwatch.supervise.processes import PROC, Proc

MOST = 16
"""How many ranks are looked at closely."""

PY_SPY = 5.0
"""Seconds that `py-spy dump` may take for one rank."""

LONGEST = 20_000
"""Characters of a stack that are kept."""

RECORDERS = ("/tmp", "nccl_trace_rank_*")  # noqa: S108  where torch writes them unless it is told otherwise


def gather(
    procs: Iterable[Proc], ranks: Sequence[Rank], *, tail: Sequence[str], sample: Sample | None, why: str, now: float
) -> dict[str, Any]:
    """Everything that can be told in well under a minute, as JSON values. Never raises; what cannot be read is null.

    `procs` are the job's processes, `ranks` the hook's heartbeats, `tail` the newest lines of the log. `now` in Unix seconds.
    """
    known = {rank.pid: rank for rank in ranks}
    found = [proc for proc in procs if proc.pid in known or "RANK" in proc.environ][:MOST]
    devices = [] if sample is None else [_device(gpu) for gpu in sample.gpus]
    return {
        "v": 1,
        "at": now,
        "why": why,
        "behind": behind(ranks),
        "ranks": [_rank(proc, known.get(proc.pid)) for proc in found],
        "gpus": devices,
        "nccl_recorders": sorted(str(path) for path in Path(RECORDERS[0]).glob(RECORDERS[1])),
        "tail": list(tail[-20:]),
    }


def behind(ranks: Sequence[Rank]) -> list[int]:
    """The ranks whose step is lower than another's: the others wait for them. Empty when all are at the same one, or nobody tells."""
    steps = {rank.rank: rank.step for rank in ranks if rank.step is not None}
    return sorted(rank for rank, step in steps.items() if step < max(steps.values()))


def _rank(proc: Proc, hook: Rank | None) -> dict[str, Any]:
    """One rank: how far it was, and where it waits."""
    told: Mapping[str, Any] = {} if hook is None else {"step": hook.step, "phase": hook.phase}
    number = hook.rank if hook is not None else int(proc.environ["RANK"]) if proc.environ["RANK"].isdecimal() else None
    return {
        "rank": number,
        "pid": proc.pid,
        "command": proc.title,
        "state": proc.state,
        **told,
        "waits_in": _text(proc.pid, "wchan"),
        "kernel_stack": _text(proc.pid, "stack"),
        "threads": {task.name: _text(proc.pid, f"task/{task.name}/wchan") for task in _tasks(proc.pid)},
        "python_stack": _python_stack(proc.pid),
    }


def _tasks(pid: int) -> list[Path]:
    """The threads of a process."""
    try:
        return sorted((PROC / str(pid) / "task").iterdir())[:MOST]
    except OSError:
        return []


def _text(pid: int, name: str) -> str | None:
    """A small file of /proc; None when it is gone or the kernel hides it from us."""
    try:
        return (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace").strip()[:LONGEST] or None
    except OSError:
        return None


def _python_stack(pid: int) -> str | None:
    """What `py-spy dump` shows; None where it is not installed or may not look."""
    if shutil.which("py-spy") is None:
        return None
    command = ["py-spy", "dump", "--nonblocking", "--pid", str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PY_SPY, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout[:LONGEST] if done.returncode == 0 else None


def _device(gpu: Gpu) -> dict[str, Any]:
    """A device that waits draws little power at full utilisation: NCCL spins."""
    return {"index": gpu.index, "utilisation": gpu.utilisation, "power": gpu.power, "memory_used": gpu.memory_used}
