"""Asks a script for a checkpoint in its own way: a file that it looks for, a signal that it handles."""

from __future__ import annotations

import os
import signal
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from trainwatch.supervise.processes import PROC, Proc, signal_all
from trainwatch.supervise.tree import launcher_of, missing

DATA = Path(__file__).with_name("doorbells.toml")


@dataclass(frozen=True, slots=True)
class Doorbell:
    """Either `touch`, a path below the job's working directory, or `signal`; the other one is empty.

    `ends`: the job ends after it; then `takes` are seconds that the grace must have besides two saves, and `never_under` launchers.
    """

    name: str
    about: str
    touch: str = ""
    signal: str = ""
    ends: bool = False
    takes: float = 0.0
    never_under: tuple[str, ...] = ()


@cache
def doorbells() -> dict[str, Doorbell]:
    """The shipped data, by name."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {entry["name"]: Doorbell(**{**entry, "never_under": tuple(entry.get("never_under", ()))}) for entry in data["doorbell"]}


def objection(bell: Doorbell, job: Sequence[Proc], *, grace: float, save_seconds: float) -> str:
    """Why a doorbell that ends the job must not be rung; empty when it may. `save_seconds` 0: not measured."""
    absent, world = missing(job)
    if absent:
        return f"{absent} of its {world} ranks are on other machines, which a signal does not reach at the same time"
    above = next((name for proc in job if (name := launcher_of(proc.argv)) in bell.never_under), "")
    if above:
        return f"{above} passes signals on to one rank after the other"
    if grace < bell.takes + 2 * save_seconds:
        return f"the grace of {grace:.0f} s is shorter than the {bell.takes + 2 * save_seconds:.0f} s that it may take"
    return ""


def ring(bell: Doorbell, cwd: Path, ranks: Sequence[Proc]) -> str:
    """Ring it; returns why that could not be done, empty when it was. `ranks` are those of this machine."""
    return _touch(cwd / bell.touch) if bell.touch else _signal(signal.Signals[bell.signal], ranks)


def handles(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal; False when it cannot be told."""
    try:
        lines = (PROC / str(pid) / "status").read_text(encoding="ascii", errors="replace").splitlines()
        caught = int(next(line.split()[1] for line in lines if line.startswith("SigCgt:")), 16)
    except (OSError, ValueError, IndexError, StopIteration):
        return False
    return bool(caught >> (number - 1) & 1)


def _touch(path: Path) -> str:
    """Make the file, or its time new."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        os.utime(descriptor)
        os.close(descriptor)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""


def _signal(number: signal.Signals, ranks: Sequence[Proc]) -> str:
    """Send it to all ranks, if none of them would die of it."""
    without = [proc for proc in ranks if not handles(proc.pid, number)]
    if not ranks:
        return "no rank is known on this machine"
    if without:
        return f"{', '.join(f'{proc.title} (pid {proc.pid})' for proc in without[:4])}: no handler for {number.name}, which would end it"
    return "" if len(signal_all(list(ranks), number)) == len(ranks) else "not every rank could be reached"
