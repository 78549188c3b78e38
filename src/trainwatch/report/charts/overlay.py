"""The curves of several runs over the same steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trainwatch.present.numbers import UNKNOWN, number
from trainwatch.present.numbers import step as step_text
from trainwatch.present.scale import y_limits
from trainwatch.report.charts.curves import dots, line
from trainwatch.report.charts.layout import BELOW, GAP, LEFT, RIGHT, TALL
from trainwatch.report.charts.panel import LETTER, Panel
from trainwatch.report.charts.readout import stretches
from trainwatch.report.charts.xml import element, text, words
from trainwatch.report.compare import Comparison, Curve, Point

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
    drawn = [drawing for drawing in _drawings(found) if any(drawing.curves)]
    if not drawn:
        return ""
    legend = list(_legend([run.name for run in found.runs], width))
    y = legend[-1][1] + ROW * (2 + LINES) + GAP
    body = [name for name, _ in legend]
    hint = legend[-1][1] + ROW + 4
    body.append(text(LEFT, hint, "point at a chart, or touch it, to read its values", class_="dim hint"))
    for i, one in enumerate(drawn):
        limits = y_limits([[(v, v) for _, v in curve] for curve in one.curves])
        alike = [d.curves for d in drawn if d.counted == one.counted]
        end = max(step for curves in alike for curve in curves for step, _ in curve) or 1.0
        panel = Panel(LEFT, y, width - LEFT - RIGHT, TALL, end, limits.low, limits.high)
        body += [*panel.frame(one.name), *_lines(one.curves, panel, one.name), *_readouts(found, one, panel, hint)]
        y += TALL + GAP
        if i == len(drawn) - 1 or drawn[i + 1].counted != one.counted:
            body += panel.steps(one.counted)
            y += BELOW
    title = element("title", words(f"{', '.join(run.name for run in found.runs)}: {' and '.join(one.name for one in drawn)}"))
    height = y - GAP
    box = f"0 0 {width} {height:.0f}"
    return element(
        "svg", "\n".join([title, *body]), xmlns="http://www.w3.org/2000/svg", viewBox=box, width=width, height=height, class_="figure"
    )


@dataclass(frozen=True, slots=True)
class Drawing:
    """A panel: its name, what it is over, a curve a run, and the places at which values can be read."""

    name: str
    counted: str
    curves: tuple[Curve, ...]
    points: tuple[Point, ...]


def _drawings(found: Comparison) -> tuple[Drawing, ...]:
    """What can be drawn."""
    metric = Drawing(found.metric, found.counted, found.curves, found.overlay)
    return metric, Drawing("train loss", "step", found.train_curves, found.train_overlay)


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


def _readouts(found: Comparison, drawing: Drawing, panel: Panel, top: float) -> Iterator[str]:
    """A transparent stretch a step, with the value of every run there."""
    lines = [
        (
            point.step,
            (
                f"{drawing.name} at {drawing.counted} {step_text(point.step)}",
                *(f"{run.name} {UNKNOWN if v is None else number(v)}" for run, v in zip(found.runs, point.values, strict=True)),
            ),
        )
        for point in drawing.points
    ]
    yield from stretches(lines, panel, top, panel.y + panel.height)
