"""What a power law through the evaluations so far promises for the rest of a run."""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import mul

from trainwatch.rules.guard import planned_steps
from trainwatch.rules.history import History, per_point
from trainwatch.rules.noise import mean

EXPONENTS = 20
"""Exponents: tenths from 0.1 on. The error over them falls to one valley, which is searched by thirds."""

LEAST = 6
MOST = 200
"""Points fitted at most, evenly taken: more do not change the curve."""


def fit(steps: list[float], losses: list[float]) -> tuple[float, float, float]:
    """(c, a, p) of the curve c + a * step^-p with the smallest squared error; p among tenths up to 2. NaN of losses beyond all sums."""
    try:
        middle = mean(losses)
    except OverflowError:
        return math.nan, math.nan, 1.0
    around = [loss - middle for loss in losses]
    tried: dict[int, tuple[float, Callable[[float], tuple[float, float, float]]]] = {}

    def error(k: int) -> float:
        if k not in tried:
            tried[k] = _linear(steps, around, k / 10)
        return tried[k][0]

    low, high = 1, EXPONENTS
    while high - low > 2:
        third = (high - low) // 3
        if error(low + third) <= error(high - third):
            high -= third
        else:
            low += third
    return tried[min(range(low, high + 1), key=error)][1](middle)


def _linear(steps: list[float], losses: list[float], p: float) -> tuple[float, Callable[[float], tuple[float, float, float]]]:
    """Least squares for one exponent through losses whose mean is 0: (how much less than theirs the squared error is, the curve)."""
    x = [s**-p for s in steps]
    mx = mean(x)
    x = [a - mx for a in x]
    spread, common = sum(map(mul, x, x)), sum(map(mul, x, losses))
    slope = common / spread if spread else 0.0
    return -slope * common, lambda middle: (middle - slope * mx, slope, p)


def promised(values: list[float], count: float) -> float:
    """The share by which a series of equal stretches is to improve until there are `count` of them, as its newer half promises."""
    half = max(LEAST, len(values) // 2)
    first = max(len(values) - half, 0)
    c, a, p = fit([float(n) for n in range(first + 1, len(values) + 1)], values[first:])
    now, end = c + a * len(values) ** -p, c + a * max(count, len(values)) ** -p
    return (now - end) / abs(now) if now else 0.0


@per_point
def further_gain(history: History) -> float | None:
    """The share by which the metric is to improve from now to the end of the run; None when steps or their number are not known."""
    total, now = planned_steps(history), history.now.step
    known = [(float(p.step), p.loss) for p in history.points if p.step]
    if not total or not now or len(known) < LEAST or now >= total:
        return None
    known = known[:: -(-len(known) // MOST)]
    c, a, p = fit([s for s, _ in known], [loss for _, loss in known])
    at_now, at_end = c + a * now**-p, c + a * total**-p
    return (at_now - at_end) / abs(at_now) if at_now else None
