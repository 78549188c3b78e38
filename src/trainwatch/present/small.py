"""A small chart of one metric."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import title, y_axis
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import ColumnCache
from trainwatch.present.columns import extremes
from trainwatch.present.look import Look
from trainwatch.present.numbers import number
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import y_limits
from trainwatch.present.xaxis import axis_of

_GUTTER = 7


def small_chart(snapshot: Snapshot, name: str, width: int, height: int, *, look: Look, cache: ColumnCache) -> Canvas:
    """Title with the newest value, y labels, the curve over the whole run."""
    canvas = Canvas(width, height)
    series = snapshot.series.get(name)
    known = series is not None and len(series) > 0
    title(canvas, name, [(number(series.last), "text.strong")] if series is not None and known else [], [], look)
    plot = Canvas(width - _GUTTER, height - 1)
    if series is None or not known or not plot.width or not plot.height:
        canvas.put(1, 1, "not printed by this run", "text.dim")
        return canvas
    columns = cache.columns(name, series, axis_of(snapshot).end, plot.width * density(look)[0])
    limits = y_limits([extremes(columns)])
    draw(plot, [Curve(columns, "series.other", look.points[2])], limits, look)
    y_axis(canvas, 1, plot.height, limits, look, gutter=_GUTTER)
    canvas.stamp(plot, _GUTTER, 1)
    return canvas
