"""The phases of the run as one row of cells, each above the column of the chart in which they held."""

from __future__ import annotations

from itertools import groupby

from trainwatch.model.snapshot import PhaseName, PhaseSpan, Snapshot
from trainwatch.present.axes import GUTTER
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.nothing import yet
from trainwatch.present.width import cells, cut
from trainwatch.present.xaxis import XAxis, axis_of


def phase_strip(snapshot: Snapshot, width: int, chart_width: int, look: Look) -> Canvas:
    """One row; the strip is as wide as the chart below, what room is left tells why the phase of now is called so."""
    canvas = Canvas(width, 1)
    canvas.put(0, 0, "phase", "text.dim")
    names = phase_cells(snapshot.phases, axis_of(snapshot), chart_width - GUTTER)
    x = GUTTER
    for name, group in groupby(names):
        length = len(list(group))
        if name is not None:
            _span(canvas, x, length, name, look)
        x += length
    if not snapshot.phases:
        canvas.put(GUTTER, 0, f"no record{yet(snapshot)}: nothing to tell phases from", "text.dim")
    elif width > chart_width:
        canvas.put(chart_width + 2, 0, cut(look.text(clean(snapshot.phases[-1].why)), width - chart_width - 2, look.cut), "text.dim")
    return canvas


def phase_cells(phases: tuple[PhaseSpan, ...], axis: XAxis, width: int) -> list[PhaseName | None]:
    """The phase of each cell, up to where the next one begins; None after the newest record."""
    out: list[PhaseName | None] = [None] * max(width, 0)
    starts = [axis.start(span) / axis.end * width for span in phases]
    for span, start, stop in zip(phases, starts, [*starts[1:], axis.now / axis.end * width], strict=False):
        for x in range(max(int(start), 0), min(max(round(stop), int(start) + 1), width)):
            out[x] = span.phase
    return out


def _span(canvas: Canvas, x: int, length: int, name: PhaseName, look: Look) -> None:
    """A stretch of one phase, with its name in it where there is room."""
    role = f"phase.{name}"
    canvas.put(x, 0, look.phase_fill[name] * length, role)
    word = f" {name} "
    if length >= cells(word):
        canvas.put(x + (length - cells(word)) // 2, 0, word, role)
