"""How well one shape describes printed rates. Its peak, and where asked its floor, follow by weighted least squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainwatch.rules.schedule.printed import Point
from trainwatch.rules.schedule.shape import Shape

LEAST_SPAN = 0.02
"""A decay by a smaller share of the peak is none."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A shape and its peak against printed rates.

    `error` is the root of the mean squared residual and `max_error` the largest one, both in units of the rate; `exact` says that no
    residual is larger than what the print hides. `body` counts the points after warm-up.
    """

    shape: Shape
    peak: float
    error: float
    max_error: float
    exact: bool
    body: int

    @property
    def relative(self) -> float:
        """The error as a share of the peak."""
        return self.error / self.peak if self.peak > 0 else math.inf


def measure(shape: Shape, points: Sequence[Point], *, floor: bool = False) -> Fit | None:
    """The best peak for a shape, with `floor` the best floor too; None where the points cannot tell them."""
    counts = [shape.count(p.step) for p in points]
    body = [i for i, count in enumerate(counts) if count >= shape.warmup]
    if len(body) < (3 if floor else 1):
        return None
    if not floor:
        return against(shape, points)
    solved = regression([(shape.body(counts[i]), points[i].rate, points[i].weight) for i in body])
    if solved is None:
        return None
    low, span = solved
    if low <= 0:
        return against(shape, points)
    peak = low + span
    return judged(replace(shape, floor=low / peak), peak, points) if span > LEAST_SPAN * peak else None


def against(shape: Shape, points: Sequence[Point]) -> Fit | None:
    """The best peak for a shape with everything else given; None when the shape is zero at every point."""
    product = square = 0.0
    for p in points:
        share, weight = shape.at(p.step), p.weight
        product += weight * share * p.rate
        square += weight * share * share
    return judged(shape, product / square, points) if square > 0 and product > 0 else None


def judged(shape: Shape, peak: float, points: Sequence[Point]) -> Fit:
    """The residuals of a shape with this peak."""
    total = worst = 0.0
    exact, body = True, 0
    for p in points:
        residual = abs(peak * shape.at(p.step) - p.rate)
        total += residual * residual
        worst = max(worst, residual)
        exact = exact and residual <= 1.01 * p.hidden
        body += shape.count(p.step) >= shape.warmup
    return Fit(shape, peak, math.sqrt(total / len(points)), worst, exact, body)


def rounded(fit: Fit, points: Sequence[Point], stated: float | None = None) -> Fit:
    """The same fit with the configured peak, else the roundest one, where that is as good as the print can tell."""
    candidates = [stated] if stated and abs(stated / fit.peak - 1) < 0.01 else []
    for peak in (*candidates, *(float(f"{fit.peak:.{n}e}") for n in range(6))):
        found = judged(fit.shape, peak, points) if abs(peak / fit.peak - 1) < 0.01 else None
        if found is not None and (found.exact or (not fit.exact and found.error <= 1.001 * fit.error)):
            return found
    return fit


def regression(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float] | None:
    """(a, b) of v = a + b x over (x, v, weight); None when all x are alike."""
    total = sum(w for _, _, w in rows)
    mean_x = sum(w * x for x, _, w in rows) / total
    mean_v = sum(w * v for _, v, w in rows) / total
    spread = sum(w * (x - mean_x) ** 2 for x, _, w in rows)
    if spread <= 1e-12 * total:
        return None
    slope = sum(w * (x - mean_x) * (v - mean_v) for x, v, w in rows) / spread
    return mean_v - slope * mean_x, slope
