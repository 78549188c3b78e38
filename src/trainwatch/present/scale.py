"""Axes: limits that rarely move, so that a new point changes a few cells and not the whole chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.model.snapshot import Progress
from trainwatch.present.numbers import number

_NICE = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0)
_SPIKE = 8.0
"""A range this many times as high as the range of 95 % of the columns is cut: one spike must not flatten the curve."""

_SHORTEST = 50.0
"""Steps that the axis of a run that has just begun shows, if so many are planned."""

_ENOUGH = 20
"""Columns of a curve below which nothing is called a spike."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The range of an axis. `clipped` says that values above `high` exist and are drawn on the edge."""

    low: float
    high: float
    clipped: bool = False


def x_end(progress: Progress, last_step: float) -> float:
    """The right end of the step axis: the planned steps, a round number that jumps where they are not known or were passed.

    While the run is so young that it would fill less than about a quarter, the axis ends at a quarter of the plan, rounded up, or at a
    quarter of that, and jumps to the next when it is filled: a run that died at 4 % can be read too.
    """
    total = progress.total_steps or 0
    if total < last_step or total <= 0:
        return nice_ceiling(max(last_step, 1.0) * 1.05)
    end = float(total)
    while (quarter := nice_ceiling(end / 4)) >= max(last_step * 1.05, _SHORTEST) and quarter < end:
        end = quarter
    return end


def nice_ceiling(value: float) -> float:
    """The next round number at or above a positive value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in _NICE if n * power >= value * (1 - 1e-12))


def nice_step(length: float, parts: int) -> float:
    """The 1-2-5 step that cuts a length into at most `parts` parts."""
    raw = length / max(parts, 1)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    return next(n * power for n in (1, 2, 5, 10) if n * power >= raw * (1 - 1e-9))


def y_limits(curves: Sequence[Sequence[tuple[float, float]]]) -> Limits:
    """Limits that hold the (low, high) pairs of all curves, rounded outwards to an eighth or so of the range; 0 to 1 without any."""
    known = [curve for curve in curves if curve]
    if not known:
        return Limits(0.0, 1.0)
    low = min(e[0] for curve in known for e in curve)
    high = max(_usual_high(curve) for curve in known)
    clipped = any(e[1] > high for curve in known for e in curve)
    if high <= low:
        margin = abs(low) * 0.1 or 1.0
        return Limits(low - margin if low < 0 else max(low - margin, 0.0), high + margin, clipped)
    unit = nice_step(high - low, 8) if math.isfinite(high - low) else high / 4
    below, above = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
    return Limits(below, above if above > below else high, clipped)


def _usual_high(curve: Sequence[tuple[float, float]]) -> float:
    """The highest value of a curve, or of 95 % of its columns when the rest is a spike."""
    low = min(e[0] for e in curve)
    highs = sorted(e[1] for e in curve)
    usual = highs[(len(highs) - 1) * 95 // 100]
    is_spike = len(highs) >= _ENOUGH and usual > low and highs[-1] / 2 - low / 2 > _SPIKE / 2 * (usual - low)
    return usual if is_spike else highs[-1]


def ticks(low: float, high: float, parts: int) -> list[float]:
    """The round values inside a range, at most `parts` + 1 of them."""
    if not (high > low and math.isfinite(high - low)):
        return [low]
    unit = nice_step(high - low, parts)
    first = math.ceil(low / unit - 1e-9)
    return [i * unit for i in range(first, first + parts + 2) if i * unit <= high + unit * 1e-9]


def tick_text(value: float, unit: float) -> str:
    """A tick's label, with no more digits after the point than its neighbours need."""
    if value == 0 or abs(value) >= 1e4 or abs(value) < 1e-3 or unit < 1e-4:
        return number(value, 3)
    return f"{value:.{max(-math.floor(math.log10(unit) + 1e-9), 0)}f}"
