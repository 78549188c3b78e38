"""A series cut into columns of a fixed x axis: what a chart needs of it, in O(columns)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.model.series import Series

_SAMPLES = 16
"""How many values of a column its mean is taken from: enough for a line, and the cost does not grow with the run."""


@dataclass(frozen=True, slots=True)
class Column:
    """The values that fall into one column. `mean` is None, and `low` above `high`, when none of them is finite."""

    low: float
    high: float
    mean: float | None
    nonfinite: bool


class Columns:
    """The columns of a series over steps 0 to `end`. Those that lie before the newest step do not change and are kept."""

    def __init__(self, series: Series, end: float, count: int) -> None:
        """`count` columns over steps 0 to `end`, both positive."""
        self.series, self.end, self.count = series, end, count
        self._kept: list[Column | None] = []
        self._first = 0

    def fits(self, series: Series, end: float, count: int) -> bool:
        """Whether this cut is still the right one."""
        return self.series is series and self.end == end and self.count == count and self._first <= len(series)

    def all(self) -> list[Column | None]:
        """Every column, up to the one that holds the newest value; None where no value falls."""
        size = len(self.series)
        if not size:
            return []
        last = self.of(self.series.step_at(size - 1))
        while len(self._kept) < last:
            self._first, column = self._cut(len(self._kept), self._first)
            self._kept.append(column)
        return [*self._kept[:last], _column(self.series, self._first, size)]

    def of(self, step: float) -> int:
        """The column of a step."""
        return min(max(int(step / self.end * self.count), 0), self.count - 1)

    def _cut(self, column: int, start: int) -> tuple[int, Column | None]:
        """(where the next column starts, the column), given where this one starts."""
        stop = max(self.series.index_at(self.end * (column + 1) / self.count), start)
        return stop, _column(self.series, start, stop)


def _column(series: Series, start: int, stop: int) -> Column | None:
    """The column of the values from `start` to before `stop`."""
    if start >= stop:
        return None
    nonfinite = series.nonfinite_in(start, stop) > 0
    extremes = series.extremes(start, stop)
    if extremes is None:
        return Column(math.inf, -math.inf, None, nonfinite)
    values = [v for v in series.values[start : stop : max((stop - start) // _SAMPLES, 1)] if math.isfinite(v)]
    mean = sum(v / len(values) for v in values) if values else (extremes[0] / 2 + extremes[1] / 2)
    return Column(*extremes, mean, nonfinite)


def extremes(columns: Sequence[Column | None]) -> list[tuple[float, float]]:
    """(lowest, highest) of each column that holds something finite."""
    return [(c.low, c.high) for c in columns if c is not None and c.mean is not None]
