"""A small chart of one metric."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import title, y_axis
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import ColumnCache
from trainwatch.present.columns import extremes
from trainwatch.present.look import Look
from trainwatch.present.metrics import metric_names, newest
from trainwatch.present.plot import Curve, density, draw
from trainwatch.present.scale import y_limits
from trainwatch.present.xaxis import axis_of

_GUTTER = 7

_USUAL = ("learning_rate", "grad_norm")
_ELSEWHERE = ("loss", "eval_loss", "train_loss")
"""What the main chart shows."""


def small_metrics(snapshot: Snapshot) -> tuple[str, str]:
    """What the two small charts show: learning rate and gradient norm, and for one that is not printed the next metric of the list."""
    others = [n for n in metric_names(snapshot) if n not in (*_USUAL, *_ELSEWHERE)]
    spare = iter([n for n in others if not n.endswith("loss")])
    left, middle = (name if len(snapshot.series.get(name, ())) else next(spare, name) for name in _USUAL)
    return left, middle


def small_chart(snapshot: Snapshot, name: str, width: int, height: int, *, look: Look, cache: ColumnCache) -> Canvas:
    """Title with the newest value, y labels, the curve over the whole run."""
    canvas = Canvas(width, height)
    series = snapshot.series.get(name)
    known = series is not None and len(series) > 0
    title(canvas, name, [(newest(name, series), "text.strong")] if series is not None and known else [], [], look)
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
