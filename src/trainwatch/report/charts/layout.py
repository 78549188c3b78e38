"""Which plot areas the picture has, where they lie and what their scales are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.scale import y_limits
from trainwatch.present.xaxis import axis_of
from trainwatch.report.charts.curves import Point
from trainwatch.report.charts.panel import Panel
from trainwatch.report.compose import Report
from trainwatch.report.floor import print_floor

LEFT, RIGHT = 58, 46
TALL, MIDDLE, SHORT = 270, 124, 84
GAP = 34
BELOW = 40
"""Pixels below the lowest panel, for the labels of the steps."""

APART = 4.0
"""Train and eval loss get an axis each when one is this many times the other, from the first evaluation on."""

LARGEST = 1e300
"""The end of every axis: beyond it differences are no numbers any more."""

DECADES = 1.5
"""Losses over more powers of ten than this get a logarithmic panel too."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The panels. `right` is where evaluations lie: the panel of the losses, or the same place with a scale of its own.

    A panel that would hold nothing is None. `bottom` is the lower edge of the lowest panel, `height` that of the picture.
    """

    losses: Panel
    right: Panel
    logarithmic: Panel | None
    rate: Panel | None
    gradient: Panel | None
    bottom: float
    height: float

    @property
    def lowest(self) -> Panel:
        """The panel under which the steps are written."""
        return self.gradient or self.rate or self.logarithmic or self.losses


def layout(report: Report, loss: Series | None, evaluations: Sequence[Point], width: int, top: float) -> Layout:
    """The panels of a run that has a train loss or an evaluation."""
    series, end = report.snapshot.series, _end(report.snapshot)
    train, values = finite(loss), [v for _, v in evaluations if math.isfinite(v)]
    apart = _apart(train, values)
    losses = Panel(LEFT, top, width - LEFT - RIGHT, TALL, end, *_linear(train, () if apart else values))
    right = losses if not apart else Panel(LEFT, top, width - LEFT - RIGHT, TALL, end, *_linear(values))
    y = top + TALL + GAP
    made: list[Panel | None] = []
    zero = print_floor(loss.values) if loss is not None and 0.0 in train else None
    if zero is not None:
        train = [v or zero for v in train]
    positive, norms = [v for v in (*train, *values) if v > 0], [v for v in finite(series.get("grad_norm")) if v > 0]
    rates = finite(series.get("learning_rate"))
    negative = any(v < 0 for v in (*train, *values))
    wide = bool(positive) and not negative and not apart and math.log10(max(positive)) - math.log10(min(positive)) > DECADES
    for height, limits, log in (
        (MIDDLE, _powers(positive) if wide else None, True),
        (SHORT, _linear(rates) if rates else None, False),
        (SHORT, _powers(norms) if norms else None, True),
    ):
        made.append(None if limits is None else Panel(LEFT, y, width - LEFT - RIGHT, height, end, *limits, log))
        y += height + GAP if limits is not None else 0
    logarithmic, rate, gradient = made
    return Layout(losses, right, logarithmic, rate, gradient, y - GAP, y - GAP + BELOW)


def _end(snapshot: Snapshot) -> float:
    """The right end of the step axis: the plan's, where one is known, else the last step."""
    if snapshot.progress.total_steps:
        return axis_of(snapshot).end
    return (
        max((series.step_at(len(series) - 1) for series in snapshot.series.values() if len(series)), default=0.0) or axis_of(snapshot).end
    )


def finite(series: Series | None) -> list[float]:
    """The finite values that set a scale: all of a short series, the extremes of stretches of a long one."""
    if series is None:
        return []
    every = max(1, len(series) // 2000)
    pairs = (series.extremes(i, i + every) for i in range(0, len(series), every))
    return [v for pair in pairs if pair is not None for v in pair]


def _linear(*curves: Sequence[float]) -> tuple[float, float]:
    """Limits of a linear scale for these curves; one spike does not flatten the rest."""
    limits = y_limits([[(v, v) for v in values] for values in curves])
    return max(limits.low, -LARGEST), min(limits.high, LARGEST)


def _powers(values: Sequence[float]) -> tuple[float, float]:
    """Limits of a logarithmic scale: whole powers of ten."""
    most = math.floor(math.log10(LARGEST))
    low = min(max(math.floor(math.log10(min(values))), -most), most - 1)
    return 10.0**low, 10.0 ** min(max(math.ceil(math.log10(max(values))), low + 1), most)


def _apart(train: Sequence[float], values: Sequence[float]) -> bool:
    """Whether one scale would flatten one of the losses: they are far from each other typically, and were so at the start."""
    if not train or not values or not train[0]:
        return False
    typical = sorted(map(abs, train))[len(train) * 9 // 10], sorted(map(abs, values))[len(values) // 2]
    first = abs(values[0] / train[0])
    return min(typical) > 0 and max(typical) / min(typical) > APART and not 1 / APART <= first <= APART
