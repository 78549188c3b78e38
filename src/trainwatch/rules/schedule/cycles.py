"""Schedules that recur: cosine with restarts, triangular cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trainwatch.rules.schedule.measure import Fit, measure
from trainwatch.rules.schedule.printed import Point, thinned
from trainwatch.rules.schedule.shape import Shape

GRID = 60
JUMP = 0.2
"""A rise by this share of the peak after a fall is a new cycle."""


def cycles(points: Sequence[Point], total: float | None, begun: Shape) -> Iterator[Fit]:
    """The best cosine with restarts and the best triangle, where rates rise again after they fell."""
    turns = _turns(points)
    if not turns:
        return
    few = thinned(points, 80)
    for shape, first, last in (
        (replace(begun, family="cosine_restarts"), turns[0][0], turns[0][1]),
        (Shape("cyclic"), 0.5 * turns[0][0], 1.5 * turns[0][1]),
    ):
        known = [(total - shape.warmup) / n for n in range(2, 33)] if total and shape.family == "cosine_restarts" else []
        best = _best(shape, few, known, (first - shape.warmup, last - shape.warmup))
        whole = measure(best.shape, points, floor=True) if best is not None else None
        if whole is not None:
            yield whole


def _turns(points: Sequence[Point]) -> list[tuple[float, float]]:
    """(step before, step at the end) of every rise that follows a fall."""
    peak = max(p.rate for p in points)
    found: list[tuple[float, float]] = []
    fell, low = False, points[0]
    top = points[0].rate
    for p in points[1:]:
        if p.rate < low.rate or not fell:
            low = p
        fell = fell or p.rate < top - JUMP * peak
        top = max(top, p.rate)
        if fell and p.rate > low.rate + JUMP * peak:
            found.append((low.step, p.step))
            fell, top, low = False, p.rate, p
    return found


def _best(shape: Shape, points: Sequence[Point], known: Sequence[float], between: tuple[float, float]) -> Fit | None:
    """The best period: a planned one, else on a grid that gets finer."""
    best: Fit | None = None
    for offset in (0, -1):
        low, high = between
        for _ in range(4):
            grid = [*known, *(low + (high - low) * i / GRID for i in range(GRID + 1))]
            for period in grid:
                for value in (period, float(round(period))):
                    found = measure(replace(shape, period=value, offset=offset), points, floor=True) if value > 0 else None
                    if found is not None and (best is None or found.error < best.error):
                        best = found
            centre = best.shape.period if best is not None else low
            width = (high - low) / GRID
            low, high = centre - width, centre + width
    return best
