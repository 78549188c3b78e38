"""Interleaved rounds of whole commands, and the medians of their ratios."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping

Job = Callable[[], float]
"""Does the work once; returns the seconds it took."""


def command(*argv: str) -> Job:
    """A job that runs a command to its end. Raises CalledProcessError when it fails."""

    def job() -> float:
        start = time.perf_counter()
        subprocess.run(argv, check=True, capture_output=True)
        return time.perf_counter() - start

    return job


def interleave(jobs: Mapping[str, Job], rounds: int) -> dict[str, list[float]]:
    """Run every job once a round, in order; returns the seconds of each round."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            seconds[name].append(job())
    return seconds


def report(title: str, seconds: Mapping[str, list[float]], yardsticks: list[str]) -> None:
    """Print a table: median milliseconds, and the median of the per-round ratios to each yardstick."""
    print(f"\n{title}  ({len(next(iter(seconds.values())))} rounds)")
    print(f"  {'':34} {'ms':>10}" + "".join(f" {'x ' + name:>22}" for name in yardsticks))
    for name, times in seconds.items():
        ratios = [statistics.median(a / b for a, b in zip(times, seconds[y], strict=True)) for y in yardsticks]
        print(f"  {name:34} {statistics.median(times) * 1000:10.1f}" + "".join(f" {ratio:22.3f}" for ratio in ratios))
