"""Schedules that neither end nor jump nor recur: exponential decay, and one cycle up and down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from trainwatch.rules.schedule.measure import Fit, measure, regression
from trainwatch.rules.schedule.printed import Point, thinned
from trainwatch.rules.schedule.shape import Shape

GRID = 24
ROUNDS = 5
"""The peak of a cycle is looked for on a grid, then so many times closer."""

FINAL = 1e-4
"""A cycle of torch ends at this share of where it began, unless told otherwise."""


def exponential(points: Sequence[Point], begun: Shape) -> Fit | None:
    """The decay by a constant factor a step, the factor as round as the print allows; None when the rates after warm-up do not fall."""
    body = [(begun.count(p.step), p) for p in points if begun.count(p.step) >= begun.warmup and p.rate > 2 * p.hidden]
    line = regression([(count, math.log(p.rate), (p.rate / p.hidden) ** 2) for count, p in body]) if len(body) >= 4 else None
    if line is None or not -1 < line[1] < 0:
        return None
    gamma = math.exp(line[1])
    found = [
        fit
        for value in (gamma, *(round(gamma, digits) for digits in range(1, 8)))
        if 0 < value < 1 and (fit := measure(replace(begun, family="exponential", timescale=-1 / math.log(value)), points)) is not None
    ]
    return next((fit for fit in reversed(found[1:]) if fit.exact), None) or min(found, key=lambda fit: fit.error, default=None)


def one_cycle(points: Sequence[Point], total: float | None, between: tuple[float, float]) -> Fit | None:
    """Half a cosine up from a share of the peak, half a cosine down to nearly nothing (torch's OneCycleLR).

    `total` is the planned number of steps, `between` the printed steps in which the peak lies. None without a total or a rise to judge by.
    """
    rose = [p for p in points if p.step <= between[0]]
    if not total or len(rose) < 3 or points[-1].step <= between[1]:
        return None
    few = thinned(points, 80)
    best: Fit | None = None
    for offset in (0, -1):
        for end in (total - 1, total):
            low, high = between
            for _ in range(ROUNDS):
                grid = [low + (high - low) * i / GRID for i in range(GRID + 1)]
                shapes = [Shape("cosine", "cosine", peak + offset, end, offset=offset) for peak in (*grid, 0.3 * total - 1 - offset)]
                best = _best((_begun(shape, rose) for shape in shapes if shape.warmup > 0), few, best)
                centre = best.shape.warmup - best.shape.offset if best is not None else low
                low, high = centre - (high - low) / GRID, centre + (high - low) / GRID
    return measure(best.shape, points) if best is not None else None


def _best(shapes: Iterator[Shape | None], points: Sequence[Point], best: Fit | None) -> Fit | None:
    """The best of some shapes and the one known so far."""
    found = [fit for shape in shapes if shape is not None and (fit := measure(shape, points)) is not None]
    return min([*([best] if best is not None else []), *found], key=lambda fit: fit.error, default=None)


def _begun(shape: Shape, rose: Sequence[Point]) -> Shape | None:
    """The shape with the share of the peak at which its rise begins; None where it does not rise."""
    half = replace(shape, start=0.0)
    line = regression([(half.risen(half.count(p.step)), p.rate, p.weight) for p in rose if half.count(p.step) < half.warmup] or [(0, 0, 1)])
    if line is None or line[1] <= 0 or line[0] <= 0:
        return None
    start = line[0] / (line[0] + line[1])
    return replace(shape, start=start, floor=FINAL * start)
