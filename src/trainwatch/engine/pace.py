"""How fast a run goes, from progress markers and the times at which they arrived."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

MARKERS = 64
"""Markers kept: enough for a median that one slow evaluation does not move."""


class Pace:
    """Seconds per step of late. Steps that go back (a resume) start it again."""

    def __init__(self) -> None:
        self._markers: deque[tuple[int, float]] = deque(maxlen=MARKERS)

    def mark(self, step: int, at: float) -> None:
        """The newest step, seen at `at` (Unix seconds; NaN is ignored)."""
        if not at == at:  # noqa: PLR0124, SIM201  NaN is the only value unlike itself
            return
        if self._markers and step < self._markers[-1][0]:
            self._markers.clear()
        if not self._markers or step > self._markers[-1][0]:
            self._markers.append((step, at))

    def step_time(self) -> float | None:
        """Median seconds per step, None with fewer than three markers."""
        marks = list(self._markers)
        rates = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(marks) if b[1] > a[1])
        middle = len(rates) // 2
        return (rates[middle] + rates[~middle]) / 2 if len(rates) >= 2 else None
