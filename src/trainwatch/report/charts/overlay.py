"""The curves of several runs over the same steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainwatch.present.numbers import UNKNOWN, number
from trainwatch.present.numbers import step as step_text
from trainwatch.present.scale import y_limits
from trainwatch.report.charts.curves import dots, line
from trainwatch.report.charts.figure import NARROW, WIDE
from trainwatch.report.charts.layout import BELOW, GAP, LEFT, RIGHT, TALL
from trainwatch.report.charts.panel import LETTER, Panel
from trainwatch.report.charts.readout import stretches
from trainwatch.report.charts.xml import element, text, words
from trainwatch.report.compare import Comparison, Curve, Point

__all__ = ("NARROW", "WIDE", "overlay")

KINDS = 8
"""Colours and dashes; a ninth run looks like the first."""

DOTS = 30
"""Points of a curve that are drawn one by one, at most."""

LINES = 2
"""Lines of figures under the legend."""

ROW = 16.0
SAMPLE = 26
"""Pixels of a row of the legend, and of the piece of line in front of a name."""


def overlay(found: Comparison, width: int) -> str:
    """A panel for the metric and one for the train loss, as far as any run has them; empty when none has."""
    named = [(name, curves, points) for name, curves, points in _panels(found) if any(curves)]
    if not named:
        return ""
    end = max(step for _, curves, _ in named for curve in curves for step, _ in curve) or 1.0
    legend = list(_legend([run.name for run in found.runs], width))
    y = legend[-1][1] + ROW * (2 + LINES) + GAP
    body = [drawn for drawn, _ in legend]
    hint = legend[-1][1] + ROW + 4
    body.append(text(LEFT, hint, "point at a chart, or touch it, to read its values", class_="dim hint"))
    for name, curves, points in named:
        limits = y_limits([[(v, v) for _, v in curve] for curve in curves])
        panel = Panel(LEFT, y, width - LEFT - RIGHT, TALL, end, limits.low, limits.high)
        body += [*panel.frame(name), *_lines(curves, panel, name), *_readouts(found, name, points, panel, hint)]
        y += TALL + GAP
    body += panel.steps()
    title = element("title", words(f"{', '.join(run.name for run in found.runs)}: {' and '.join(n for n, _, _ in named)} over steps"))
    height = y - GAP + BELOW
    box = f"0 0 {width} {height:.0f}"
    return element(
        "svg", "\n".join([title, *body]), xmlns="http://www.w3.org/2000/svg", viewBox=box, width=width, height=height, class_="figure"
    )


def _panels(found: Comparison) -> Iterator[tuple[str, tuple[Curve, ...], tuple[Point, ...]]]:
    """What can be drawn: a name, a curve a run, and the steps at which values can be read."""
    yield found.metric, found.curves, found.overlay
    yield "train loss", found.train_curves, found.train_overlay


def _lines(curves: Sequence[Curve], panel: Panel, name: str) -> Iterator[str]:
    """A line a run, the first on top; a short one with its points."""
    for i, curve in reversed(list(enumerate(curves))):
        kind = f"run{i % KINDS}"
        yield from line(curve, panel, kind)
        yield from dots(curve, panel, kind, name) if len(curve) <= DOTS else ()


def _legend(names: Sequence[str], width: int) -> Iterator[tuple[str, float]]:
    """Each name behind a piece of its line, with the baseline it stands on."""
    x, y = float(LEFT), ROW
    for i, name in enumerate(names):
        room = SAMPLE + 6 + LETTER * 1.1 * len(name) + 16
        if x > LEFT and x + room > width - RIGHT:
            x, y = float(LEFT), y + ROW
        sample = element("line", x1=x, x2=x + SAMPLE, y1=y - 4, y2=y - 4, class_=f"line run{i % KINDS}")
        yield sample + text(x + SAMPLE + 6, y, name), y
        x += room


def _readouts(found: Comparison, name: str, points: Sequence[Point], panel: Panel, top: float) -> Iterator[str]:
    """A transparent stretch a step, with the value of every run there."""
    lines = [
        (
            point.step,
            (
                f"{name} at step {step_text(point.step)}",
                *(f"{run.name} {UNKNOWN if v is None else number(v)}" for run, v in zip(found.runs, point.values, strict=True)),
            ),
        )
        for point in points
    ]
    yield from stretches(lines, panel, top, panel.y + panel.height)
