"""Schedules that stay at a level and jump: step and multistep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from trainwatch.rules.schedule.measure import Fit, judged
from trainwatch.rules.schedule.printed import Point
from trainwatch.rules.schedule.shape import Family, Rise, Shape

MOST = 12
"""Levels of such a schedule, at most."""


def stairs(points: Sequence[Point], rise: Rise, warmup: float) -> Fit | None:
    """Levels that only fall, three points a level on average; None when the rates after warm-up are not that."""
    body = [p for p in points if p.step >= warmup]
    levels: list[tuple[float, float]] = []
    sizes: list[int] = []
    for p in body:
        if not levels or abs(p.rate - levels[-1][1]) > 2 * p.hidden:
            levels.append((p.step, p.rate))
            sizes.append(0)
        sizes[-1] += 1
    falling = all(a[1] > b[1] for a, b in pairwise(levels))
    if not 2 <= len(levels) <= MOST or not falling or len(body) < 3 * len(levels) or min(sizes[:-1]) < 2:
        return None
    peak = levels[0][1]
    shares = tuple((step, rate / peak) for step, rate in levels)
    family: Family = "step" if _even(shares) else "multistep"
    return judged(Shape(family, rise, warmup, levels=shares), peak, points)


def _even(levels: Sequence[tuple[float, float]]) -> bool:
    """Whether jumps come at equal distances, by equal factors."""
    gaps = [b[0] - a[0] for a, b in pairwise(levels[1:])]
    factors = [b[1] / a[1] for a, b in pairwise(levels)]
    near = bool(gaps) and all(math.isclose(gap, gaps[0], rel_tol=0.15) for gap in gaps)
    return near and all(math.isclose(factor, factors[0], rel_tol=0.02) for factor in factors)
