"""A metric over a run: every value kept, the extremes of any stretch found without visiting it."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

FANOUT = 16
"""Values per bucket of the lowest level, and buckets per bucket above: 9.07 bytes a value in all."""

BEHIND = 1024
"""So many newest values may not be in the pyramid yet: buckets are cheap by the dozen, and a view reads these few one by one."""


class Series:
    """Values in the order printed, with a min/max pyramid; about 9 bytes a value.

    Values that are not finite are kept in place and stand in `nonfinite`; the pyramid leaves them out.
    The x of a value is its step. Steps are kept as anchors (index, step), one or two per appended block, and are linear in between:
    exact where an anchor lies, and within a block of 128 KiB of log elsewhere, which is less than a pixel.
    """

    __slots__ = ("_at", "_high", "_low", "_steps", "nonfinite", "values")

    def __init__(self) -> None:
        """An empty series."""
        self.values: array[float] = array("d")
        self.nonfinite: array[int] = array("q")
        self._low: list[array[float]] = []
        self._high: list[array[float]] = []
        self._at: array[int] = array("q")
        self._steps: array[float] = array("d")

    def __len__(self) -> int:
        """The number of values."""
        return len(self.values)

    @property
    def last(self) -> float | None:
        """The newest value, NaN and infinity included; None when empty."""
        return self.values[-1] if self.values else None

    def extend(self, values: Sequence[float], first_step: float, last_step: float) -> None:
        """Append values printed from `first_step` to `last_step` (equal for one value)."""
        if not values:
            return
        start = len(self.values)
        self.values.extend(values)
        self._anchor(start, first_step)
        if len(values) > 1:
            self._anchor(len(self.values) - 1, last_step)
        if not math.isfinite(sum(values)):
            self.nonfinite.extend(i for i in range(start, len(self.values)) if not math.isfinite(self.values[i]))
        if len(self.values) - FANOUT * len(self._low[0] if self._low else ()) >= BEHIND:
            self._grow()

    def _anchor(self, index: int, step: float) -> None:
        """Keep the step of an index; a third anchor on one line replaces the second."""
        at, steps = self._at, self._steps
        if len(at) >= 2:
            slope = (steps[-1] - steps[-2]) / (at[-1] - at[-2])
            if step == steps[-1] + slope * (index - at[-1]):
                at[-1], steps[-1] = index, step
                return
        at.append(index)
        steps.append(step)

    def _grow(self) -> None:
        """Bring every level up to date."""
        low: array[float] = self.values
        high: array[float] = self.values
        level = 0
        while len(low) >= FANOUT:
            if level == len(self._low):
                self._low.append(array("d"))
                self._high.append(array("d"))
            lows, highs = self._low[level], self._high[level]
            bucket = len(lows)
            if level:
                lows.extend(map(min, _buckets(low, bucket)))
                highs.extend(map(max, _buckets(high, bucket)))
            elif self.nonfinite and self.nonfinite[-1] >= bucket * FANOUT:
                lows.extend(map(_least, _buckets(low, bucket)))
                highs.extend(map(_greatest, _buckets(high, bucket)))
            else:
                ordered = list(map(sorted, _buckets(low, bucket)))  # twice as fast as `min` and `max`
                lows.extend([values[0] for values in ordered])
                highs.extend([values[-1] for values in ordered])
            low, high, level = lows, highs, level + 1

    def step_at(self, index: float) -> float:
        """The step of a (fractional) index between 0 and the length minus 1. Raises IndexError when empty."""
        right = bisect_right(self._at, index)
        if right == 0:
            return self._steps[0]
        if right == len(self._at):
            return self._steps[-1]
        i, j, a, b = self._at[right - 1], self._at[right], self._steps[right - 1], self._steps[right]
        return a + (b - a) * (index - i) / (j - i)

    def index_at(self, step: float) -> int:
        """The first index whose step is at least `step`; the length when there is none."""
        low, high = 0, len(self.values)
        while low < high:
            middle = (low + high) // 2
            if self.step_at(middle) < step:
                low = middle + 1
            else:
                high = middle
        return low

    def extremes(self, start: int, stop: int) -> tuple[float, float] | None:
        """(minimum, maximum) of the finite values in [start, stop); None when there is none. Costs O(log n)."""
        start, stop = max(start, 0), min(stop, len(self.values))
        if start >= stop:
            return None
        lows: list[float] = []
        highs: list[float] = []
        self._collect(start, stop, 0, lows, highs)
        low, high = min(lows, default=math.inf), max(highs, default=-math.inf)
        return (low, high) if low <= high else None

    def _collect(self, start: int, stop: int, level: int, lows: list[float], highs: list[float]) -> None:
        """Add the extremes of [start, stop) of a level, going up where whole buckets allow it."""
        low = self.values if level == 0 else self._low[level - 1]
        high = self.values if level == 0 else self._high[level - 1]
        first = -(-start // FANOUT)
        last = min(stop // FANOUT, len(self._low[level]) if level < len(self._low) else 0)
        if last <= first:
            lows.append(_least(low[start:stop]))
            highs.append(_greatest(high[start:stop]))
            return
        for a, b in ((start, first * FANOUT), (last * FANOUT, stop)):
            if a < b:
                lows.append(_least(low[a:b]))
                highs.append(_greatest(high[a:b]))
        self._collect(first, last, level + 1, lows, highs)

    def nonfinite_in(self, start: int, stop: int) -> int:
        """How many values in [start, stop) are NaN or infinite."""
        return bisect_left(self.nonfinite, stop) - bisect_left(self.nonfinite, start)


def _buckets(values: array[float], first: int) -> Iterator[tuple[float, ...]]:
    """The values of each full bucket from the given one on."""
    rest = iter(values[first * FANOUT :])
    return zip(*[rest] * FANOUT, strict=False)


def _least(values: Sequence[float]) -> float:
    """The smallest finite value; +inf when there is none."""
    return min((v for v in values if math.isfinite(v)), default=math.inf) if _odd(values) else min(values)


def _greatest(values: Sequence[float]) -> float:
    """The largest finite value; -inf when there is none."""
    return max((v for v in values if math.isfinite(v)), default=-math.inf) if _odd(values) else max(values)


def _odd(values: Sequence[float]) -> bool:
    """Whether `min` and `max` would go wrong: nothing there, NaN, or an infinity."""
    return not values or not math.isfinite(sum(values))
