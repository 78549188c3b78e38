"""A curve in one row."""

from __future__ import annotations

from trainwatch.model.series import Series
from trainwatch.present.look import Look


def sparkline(series: Series, width: int, look: Look) -> str:
    """The whole series in at most `width` cells, each the middle of the extremes of its stretch; `N` where none is finite.

    A cell stands for 1, 2, 4, 8... values, so that a new value changes the last cell and not all of them. Scaled between the smallest
    and the largest value of all; a constant is a flat line. Costs O(width log n).
    """
    size = len(series)
    if not size or width <= 0:
        return " " * max(width, 0)
    each = 1 << max((size - 1) // width, 0).bit_length()
    middles = [_middle(series, start, start + each) for start in range(0, size, each)]
    low, high = series.extremes(0, size) or (0.0, 0.0)
    return "".join(_spark(m, low, high, look.sparks) for m in middles).ljust(width)


def _middle(series: Series, start: int, stop: int) -> float | None:
    """Half way between the extremes; None when nothing there is finite."""
    extremes = series.extremes(start, stop)
    return None if extremes is None else extremes[0] / 2 + extremes[1] / 2


def _spark(value: float | None, low: float, high: float, sparks: str) -> str:
    """The character for a value."""
    if value is None:
        return "N"
    if high <= low:
        return sparks[len(sparks) // 2 - 1]
    return sparks[round((value - low) / (high - low) * (len(sparks) - 1))]
