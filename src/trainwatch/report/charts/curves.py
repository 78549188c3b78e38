"""Values as lines, points and bands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from trainwatch.model.series import Series
from trainwatch.present.columns import Columns
from trainwatch.present.numbers import number
from trainwatch.present.numbers import step as step_text
from trainwatch.report.charts.panel import Panel
from trainwatch.report.charts.xml import element, title
from trainwatch.report.compose import Report

Point = tuple[float, float]
"""(step, value)."""

POINTS = 400
"""Values that are drawn one by one; more are drawn as a mean line in the band of their extremes."""

CROSSES = 50
"""Values that are not finite are marked so often at most."""


def points_of(series: Series | None) -> list[Point]:
    """Every value with its step."""
    return [] if series is None else [(series.step_at(i), value) for i, value in enumerate(series.values)]


def evaluations(report: Report) -> list[Point]:
    """The metric that decides, by step; where evaluations print no step, by what stands for one in the series."""
    snapshot = report.snapshot
    known = [(float(e.step), e.value) for e in snapshot.evaluations if e.step is not None]
    return known or points_of(snapshot.series.get(snapshot.best.metric) if snapshot.best is not None else None)


def train_loss(report: Report) -> Series | None:
    """The printed train loss; where only evaluations print one, theirs. None when there is no finite value."""
    series = report.snapshot.series.get("loss")
    if series is None:
        series = Series()
        for e in report.snapshot.evaluations:
            if e.step is not None and e.train_loss is not None:
                series.extend([e.train_loss], e.step, e.step)
    return series if any(map(math.isfinite, series.values)) else None


def curve(series: Series, panel: Panel, kind: str) -> Iterator[str]:
    """A series, however long."""
    if len(series) <= POINTS:
        yield from line(points_of(series), panel, kind)
    else:
        yield from _columns(series, panel, kind)
    for index in list(series.nonfinite)[:: max(1, len(series.nonfinite) // CROSSES)]:
        x, y, value = panel.across(series.step_at(index)), panel.y + 5, series.values[index]
        told = title(f"{value} at step {step_text(series.step_at(index))}")
        yield element("path", told, d=f"M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6", class_="bad")


def line(points: Sequence[Point], panel: Panel, kind: str) -> Iterator[str]:
    """A line through the finite ones; it breaks where one is not finite."""
    parts, pen = [], "M"
    for step, value in points:
        if math.isfinite(value):
            parts.append(f"{pen}{panel.across(step):.1f} {panel.up(value):.1f}")
        pen = "L" if math.isfinite(value) else "M"
    if parts:
        yield element("path", d="M" + "".join(parts)[1:], class_=f"line {kind}")


def dots(points: Sequence[Point], panel: Panel, kind: str, name: str) -> Iterator[str]:
    """A point each, named with its value."""
    for step, value in points:
        if math.isfinite(value):
            told = title(f"{name} {number(value)} at step {step_text(step)}")
            yield element("circle", told, cx=panel.across(step), cy=panel.up(value), r=2.6, class_=f"dot {kind}")


def _columns(series: Series, panel: Panel, kind: str) -> Iterator[str]:
    """Mean line and band, a column each two pixels."""
    found = [(i, c) for i, c in enumerate(Columns(series, panel.end, int(panel.width // 2)).all()) if c is not None and c.mean is not None]
    middle = [(panel.x + 2 * i + 1, c) for i, c in found]
    top = [f"{x:.1f} {panel.up(c.high):.1f}" for x, c in middle]
    bottom = [f"{x:.1f} {panel.up(c.low):.1f}" for x, c in reversed(middle)]
    if middle:
        yield element("path", d=f"M{'L'.join(top + bottom)}Z", class_=f"band {kind}")
        yield element("path", d="M" + "L".join(f"{x:.1f} {panel.up(c.mean or 0.0):.1f}" for x, c in middle), class_=f"line {kind}")
