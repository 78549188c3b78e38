"""Which schedule printed learning rates follow: every family tried, the simplest of the best taken."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from trainwatch.rules.schedule.curved import exponential, one_cycle
from trainwatch.rules.schedule.cycles import cycles
from trainwatch.rules.schedule.levels import stairs
from trainwatch.rules.schedule.measure import Fit, measure, regression, rounded
from trainwatch.rules.schedule.printed import Point, thinned
from trainwatch.rules.schedule.shape import Family, Rise, Shape

SEARCHED = 40
"""Points that the search looks at; the winner of each family is measured on all."""

ROUNDS = 6
"""Corrections of a warm-up length, at most."""

NARROWER = 8
"""Times that the search for a total looks closer: to a millionth."""

HIDDEN = 20
"""Steps of a warm-up that lies before the first record and is looked for without a known total, at most."""

MOST_SKIPPED = 20
"""Steps that a loss scale may skip at the start, at most."""

ROUND_WARMUPS = (50, 100, 150, 200, 250, 300, 400, 500, 600, 750, 800, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 8000, 10000)
SIMPLE: tuple[tuple[Family, bool, float], ...] = (
    ("constant", False, 1.0),
    ("linear", False, 1.0),
    ("cosine", False, 1.0),
    ("linear", True, 1.0),
    ("cosine", True, 1.0),
    ("inverse_sqrt", False, 1.0),
    ("polynomial", True, 2.0),
    ("polynomial", True, 3.0),
    ("polynomial", True, 0.5),
)
"""Smooth families with whether their floor is free, and their power; the simplest first."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known beforehand: the planned total and warm-up (counts of the scheduler), the peak, and time scales to try."""

    total: float | None = None
    warmup: float | None = None
    peak: float | None = None
    scales: tuple[float, ...] = (1.0,)


@dataclass(frozen=True, slots=True)
class Result:
    """The best fit. `identified`: nearly exact, and no other family comes near it."""

    fit: Fit
    identified: bool
    runner_up: Fit | None


@dataclass(frozen=True, slots=True)
class Rising:
    """What the beginning tells of warm-up: its end lies in (`low`, `high`] printed steps; `seen` when rates do rise.

    `known` is the length of one that is not seen, once a family fits exactly with it: the others are then tried with it too.
    """

    low: float
    high: float
    seen: bool
    known: float | None = None


def fit(points: Sequence[Point], hints: Hints) -> Result | None:
    """The schedule of printed rates in order of steps; None while they only rise or are zero, or with fewer than three points."""
    rising = _rising(points)
    if len(points) < 3 or rising is None or not any(p.rate for p in points):
        return None
    found: list[Fit] = []
    for family, floor, power in SIMPLE:
        best = _family(Shape(family, power=power), points, hints, rising, floor=floor)
        if best is not None and math.isfinite(best.relative):
            found.append(best)
            if best.exact and not rising.seen:
                rising = replace(rising, known=best.shape.warmup)
    if not any(f.exact for f in found):
        found += _others(points, hints, rising)
    return _chosen([rounded(f, points, hints.peak) for f in found], points) if found else None


def _chosen(found: Sequence[Fit], points: Sequence[Point]) -> Result:
    """The simplest that is nearly as good as the best, and whether any other family could be meant."""
    print_error = math.sqrt(sum(p.hidden**2 for p in points) / len(points))
    least = min(max(f.error, print_error) for f in found)
    best = next((f for f in found if f.exact), None) or next(f for f in found if max(f.error, print_error) <= 1.2 * least)
    others = [f for f in found if f.shape.family != best.shape.family]
    runner_up = min(others, key=lambda f: f.relative, default=None)
    near = best.exact or best.relative < 1e-3
    alone = runner_up is None or runner_up.error >= 5 * max(best.error, print_error / 2)
    spare = best.body >= (3 if best.shape.family == "constant" else 4)
    return Result(best, near and alone and spare, runner_up)


def _rising(points: Sequence[Point]) -> Rising | None:
    """Where warm-up ends; None while there is nothing but warm-up."""
    if not points:
        return None
    last = len(points) - 1
    falls = (i for i in range(last) if points[i + 1].rate < points[i].rate - points[i].hidden)
    end = next(falls, last)
    top = next(i for i in range(end + 1) if points[i].rate >= points[end].rate - points[i].hidden)
    if top == 0:
        return Rising(0.0, points[0].step, seen=False)
    return Rising(points[top - 1].step, points[min(top + 1, last)].step, seen=True) if top < last else None


def _others(points: Sequence[Point], hints: Hints, rising: Rising) -> Iterator[Fit]:
    """Families with jumps, plateaus or cycles."""
    begun = _begun(points, hints, rising)
    candidates = [
        _plateau(points, hints, begun),
        stairs(points, begun.rise, begun.warmup),
        *cycles(points, hints.total, begun),
        exponential(points, begun),
        one_cycle(points, hints.total, (rising.low, rising.high)) if rising.seen else None,
    ]
    return (f for f in candidates if f is not None)


def _begun(points: Sequence[Point], hints: Hints, rising: Rising) -> Shape:
    """The warm-up alone: what a constant schedule would be up to the end of the first plateau."""
    if not rising.seen:
        return Shape("constant")
    top = max((p for p in points if p.step <= rising.high), key=lambda p: p.rate)
    until = next((i for i, p in enumerate(points) if p.step > top.step and abs(p.rate - top.rate) > 2 * p.hidden), len(points))
    best = _family(Shape("constant"), points[:until], hints, rising, floor=False)
    return best.shape if best is not None else Shape("constant")


def _family(shape: Shape, points: Sequence[Point], hints: Hints, rising: Rising, *, floor: bool) -> Fit | None:
    """The best fit of one smooth family: the first exact one, else the least error."""
    few = thinned(points, SEARCHED)
    best: Fit | None = None
    for candidate in _candidates(shape, few, hints, rising, floor=floor):
        found = measure(candidate, few, floor=floor)
        if found is None:
            continue
        if found.exact:
            whole = measure(candidate, points, floor=floor)
            if whole is not None and whole.exact:
                return whole
        if best is None or found.error < best.error:
            best = found
    return measure(best.shape, points, floor=floor) if best is not None else None


def _candidates(shape: Shape, points: Sequence[Point], hints: Hints, rising: Rising, *, floor: bool) -> Iterator[Shape]:
    """Shapes of one family to be tried, the likely ones first."""
    if floor and shape.family == "linear" and not hints.total:
        return
    rises: tuple[Rise, ...] = ("linear", "log") if rising.seen else ("linear",)
    for scale, offset, rise in product(hints.scales, _offsets(points, rising), rises):
        for warmup in _warmups(hints, rising, scale, offset):
            base = replace(shape, rise=rise if warmup else "none", warmup=warmup, scale=scale, offset=offset)
            for whole in _wholes(base, points, hints, floor=floor):
                yield from _settled(whole, points, hints, floor=floor) if rising.seen else (whole,)


def _offsets(points: Sequence[Point], rising: Rising) -> tuple[int, ...]:
    """Counts that start at the printed step, one behind it, or where a straight warm-up began: overflows skip steps."""
    rose = [p for p in points if p.step <= rising.low] if rising.seen else []
    line = regression([(p.step, p.rate, 1.0) for p in rose]) if len(rose) >= 2 else None
    late = line is not None and -MOST_SKIPPED * line[1] <= line[0] < 0 < line[1]
    return tuple(dict.fromkeys((0, -1, round(line[0] / line[1]) if line is not None and late else 0)))


def _warmups(hints: Hints, rising: Rising, scale: float, offset: int) -> list[float]:
    """Warm-up lengths to start from, in the scheduler's count: as configured, in the middle of where it ends; unseen ones."""
    low, high = rising.low * scale + offset, rising.high * scale + offset
    if rising.seen:
        pool = [hints.warmup, (low + high) / 2, high]
        return list(dict.fromkeys(w for w in pool if w and low < w <= high + 1))
    if rising.known is not None:
        return list(dict.fromkeys((rising.known, 0.0)))
    shares = [math.ceil(hints.total * share / 100) for share in range(1, 21)] if hints.total else []
    unseen = [hints.warmup, 0.0, *range(1, 21), *ROUND_WARMUPS, *shares]
    return list(dict.fromkeys(float(w) for w in unseen if w is not None and w <= max(high, 0.0)))


def _wholes(base: Shape, points: Sequence[Point], hints: Hints, *, floor: bool) -> Iterator[Shape]:
    """The shape with what its family needs beyond warm-up."""
    if base.family == "constant":
        yield base
    elif base.family == "inverse_sqrt":
        yield from (replace(base, timescale=t) for t in {max(base.warmup, 1.0), 10000.0})
    elif hints.total:
        yield replace(base, total=hints.total)
    elif base.warmup <= HIDDEN or base.warmup == hints.warmup or base.count(points[0].step) < base.warmup:
        yield ended(base, points, floor=floor)


def _settled(shape: Shape, points: Sequence[Point], hints: Hints, *, floor: bool) -> Iterator[Shape]:
    """The shape, then with the warm-up length at which the rise meets the peak, found step by step."""
    yield shape
    rose = [(shape.count(p.step), p.rate) for p in points if 0 < shape.count(p.step) < shape.warmup]
    log = shape.rise == "log"
    xs = [math.log(1 + count) if log else count for count, _ in rose]
    square = sum(x * x for x in xs)
    slope = sum(x * rate for x, (_, rate) in zip(xs, rose, strict=True)) / square if square else 0.0
    if slope <= 0:
        return
    for _ in range(ROUNDS):
        found = measure(shape, points, floor=floor)
        if found is None:
            return
        top = found.peak if floor or shape.family != "constant" else max(p.rate for p in points)
        meets = min(top / slope, 1e9) if slope > 1e-12 * top else 1e9
        warmup = float(round(math.exp(min(meets, 30.0)) if log else meets))
        if warmup == shape.warmup or warmup <= rose[-1][0] or warmup > shape.count(points[-1].step):
            return
        timescale = warmup if shape.family == "inverse_sqrt" and shape.timescale == shape.warmup else shape.timescale
        shape = replace(shape, warmup=warmup, timescale=timescale)
        if not hints.total and shape.total < math.inf:
            shape = ended(shape, points, floor=floor)
        yield shape


def ended(shape: Shape, points: Sequence[Point], *, floor: bool) -> Shape:
    """The shape with the total that fits best, where nobody tells it: the decay is followed to its end."""
    few = thinned(points, SEARCHED // 2)
    last = shape.count(points[-1].step)
    low, high = max(last, shape.warmup + 1), 50 * max(last, 1.0)

    def error(total: float) -> float:
        found = measure(replace(shape, total=total), few, floor=floor)
        return found.error if found is not None else math.inf

    best = low
    for grid in (20, *[8] * NARROWER):
        ratio = (high / low) ** (1 / grid)
        best = min((low * ratio**i for i in range(grid + 1)), key=error)
        low, high = max(best / ratio, shape.warmup + 1), best * ratio
    return replace(shape, total=float(round(best)))


def _plateau(points: Sequence[Point], hints: Hints, begun: Shape) -> Fit | None:
    """Warm-up, a plateau of three points at least, a linear decay: the line through the decay meets the plateau where it began."""
    peak = max(p.rate for p in points)
    flat = [p for p in points if begun.count(p.step) >= begun.warmup and abs(p.rate - peak) <= 2 * p.hidden]
    after = [p for p in points if flat and p.step > flat[-1].step]
    if len(flat) < 3 or len(after) < 3:
        return None
    best: Fit | None = None
    for total in {hints.total or 0.0, after[-1].step, after[-1].step + 1}:
        base = replace(begun, family="wsd", total=total)
        low, high = begun.count(flat[-1].step), begun.count(after[0].step)
        for stable in dict.fromkeys(float(round(low + (high - low) * i / 64)) for i in range(65)):
            found = measure(replace(base, stable=stable), points, floor=True)
            if found is not None and (best is None or found.error < best.error):
                best = found
    return best
