"""What a hung job looked like, gathered before the signal that ends it: afterwards nobody can look any more."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainwatch.model.inputs import Gpu, Sample
from trainwatch.model.part import Part
from trainwatch.present.clean import lines
from trainwatch.supervise import recorder
from trainwatch.supervise.control import Rank
from trainwatch.supervise.processes import PROC, Proc

MOST = 16
"""How many ranks are looked at closely."""

PY_SPY = 5.0
"""Seconds that `py-spy dump` may take for one rank."""

LONGEST = 20_000
"""Characters of a stack that are kept."""

TAG = re.compile(r"\[(?:rank|default)(\d{1,6})\]:?\s*(.*)")
"""A line of one rank in a log of all: torch and torchrun mark it so."""


def gather(
    procs: Iterable[Proc],
    ranks: Sequence[Rank],
    *,
    tail: Sequence[str],
    sample: Sample | None,
    why: str,
    now: float,
    parts: Iterable[Part] = (),
) -> dict[str, Any]:
    """Everything that can be told in well under a minute, as JSON values. Never raises; what cannot be read is null.

    `procs` are the job's processes, `ranks` the hook's heartbeats, `tail` the newest lines of the log, `parts` the logs of single ranks.
    `now` in Unix seconds.
    """
    known = {rank.pid: rank for rank in ranks}
    found = [proc for proc in procs if proc.pid in known or "RANK" in proc.environ][:MOST]
    gpus = () if sample is None else sample.gpus
    newest = last_lines(tail, parts)
    recorded = recorder.read(recorder.files(found))
    looked = [_rank(proc, known.get(proc.pid)) for proc in found]
    return {
        "v": 1,
        "at": now,
        "why": why,
        "behind": behind(ranks) or recorder.behind(recorded),
        "ranks": [
            {**rank, "last_line": newest.get(rank["rank"]), "gpus": _of_rank(proc, gpus)} for rank, proc in zip(looked, found, strict=True)
        ],
        "gpus": [_device(gpu) for gpu in gpus],
        "nccl_recorders": recorded,
        "tail": list(tail[-20:]),
    }


def last_lines(tail: Sequence[str], parts: Iterable[Part]) -> dict[int, str]:
    """The newest line of each rank, as far as a log of its own or a mark in the common one tells."""
    marked = {int(tag[1]): tag[2] for line in tail if (tag := TAG.match(line))}
    own = {part.rank: line for part in parts if part.rank is not None and (line := _last_line(Path(part.source)))}
    return marked | own


def _last_line(log: Path) -> str:
    """The newest line of a log; empty when it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, 2) - 4096, 0))
            said = list(lines(file.read()))
    except OSError:
        return ""
    return next((line for line in reversed(said) if line.strip()), "")[:500]


def _of_rank(proc: Proc, gpus: Sequence[Gpu]) -> list[int]:
    """The devices of a rank: those on which the driver sees it, else the one that its environment gives it."""
    seen = [gpu.index for gpu in gpus if proc.pid in dict(gpu.processes)]
    local = proc.environ.get("LOCAL_RANK", "")
    if seen or not gpus or not local.isdecimal():
        return seen
    visible = [word for word in proc.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if word]
    name = visible[int(local)] if int(local) < len(visible) else local
    return [gpu.index for gpu in gpus if name in (str(gpu.index), gpu.uuid)]


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
