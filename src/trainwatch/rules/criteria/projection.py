"""Where a metric is heading: a power law through what was printed so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.rules.condition import Condition
from trainwatch.rules.figures import figure, percent
from trainwatch.rules.forecast import LEAST, MOST, fit

NEAREST = 1e-9
"""Steps or epochs from the start below which a point is left out: no curve goes through it."""

HUGE = 700.0
"""The logarithm of what lies behind every deadline, and still is a number."""


@dataclass(frozen=True, slots=True)
class Projection:
    """`value` is the one expected at the deadline; `reached_at` is where the limit is passed before it, None: nowhere."""

    value: float
    reached_at: float | None
    assumption: str


def project(points: Sequence[tuple[float, float]], deadline: float, condition: Condition, limit: float) -> Projection | None:
    """What the points (x, value) promise at the deadline, further along x; None below `LEAST` of them, or where figures run over."""
    known = [(x, value) for x, value in points if x >= NEAREST and math.isfinite(value)]
    if len(known) < LEAST or deadline <= known[-1][0]:
        return None
    count, now = len(known), known[-1][0]
    known = known[:: max(count // MOST, 1)]
    c, a, p = fit([x for x, _ in known], [value for _, value in known])
    at_end = c + a * deadline**-p
    if not math.isfinite(at_end):
        return None
    scatter = math.hypot(*(c + a * x**-p - value for x, value in known)) / math.sqrt(len(known))
    assumption = (
        f"a power law through {count} values, {percent(now / deadline)} of the way to the deadline, "
        f"off by {figure(scatter, 2)} on average; nothing else changes"
    )
    reached_at = None
    if condition.holds(at_end, limit):
        share = a / (limit - c) if limit != c else 0.0
        reached_at = min(max(math.exp(min(math.log(share) / p, HUGE)), now), deadline) if share > 0 else now
    return Projection(at_end, reached_at, assumption)
