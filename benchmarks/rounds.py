"""Interleaved rounds of whole commands, and the medians of their ratios."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

Job = Callable[[], float]
"""Does the work once; returns the seconds it took."""


class Spent(float):
    """Seconds on the clock, with those that the processor worked beside them: on a busy machine only these can be compared."""

    cpu: float

    def __new__(cls, wall: float, cpu: float) -> Self:
        """Both in seconds."""
        spent = super().__new__(cls, wall)
        spent.cpu = cpu
        return spent


def command(*argv: str) -> Job:
    """A job that runs a command to its end. Raises CalledProcessError when it fails."""

    def job() -> Spent:
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Spent(time.perf_counter() - start, cpu)

    return job


def interleave(jobs: Mapping[str, Job], rounds: int) -> dict[str, list[float]]:
    """Run every job once a round, in order; returns the seconds of each round."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            seconds[name].append(job())
    return seconds


def report(title: str, seconds: Mapping[str, list[float]], yardsticks: list[str]) -> None:
    """Print a table: median milliseconds, and the median of the per-round ratios to each yardstick; a second one of processor time."""
    print(f"\n{title}  ({len(next(iter(seconds.values())))} rounds)")
    _table("ms", seconds, yardsticks)
    if all(isinstance(spent, Spent) for times in seconds.values() for spent in times):
        _table("CPU ms", {name: [s.cpu for s in times if isinstance(s, Spent)] for name, times in seconds.items()}, yardsticks)


def _table(unit: str, seconds: Mapping[str, Sequence[float]], yardsticks: list[str]) -> None:
    """Medians, and ratios by round; a command too short for the clock has none."""
    print(f"  {'':34} {unit:>10}" + "".join(f" {'x ' + name:>22}" for name in yardsticks), flush=True)
    for name, times in seconds.items():
        ratios = [statistics.median(a / (b or 1e-3) for a, b in zip(times, seconds[y], strict=True)) for y in yardsticks]
        print(f"  {name:34} {statistics.median(times) * 1000:10.1f}" + "".join(f" {ratio:22.3f}" for ratio in ratios), flush=True)
