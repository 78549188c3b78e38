"""Every metric of the run: name, newest value, its course."""

from __future__ import annotations

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.nothing import yet
from trainwatch.present.numbers import duration, number
from trainwatch.present.sparkline import sparkline
from trainwatch.present.width import cut_middle

_FIRST = ("loss", "eval_loss", "learning_rate", "grad_norm", "tokens_per_second", "samples_per_second", "step_time")

_NAME, _VALUE = 17, 8
"""Cells for a name and for a value."""


def metric_names(snapshot: Snapshot, without: tuple[str, ...] = ()) -> list[str]:
    """The metrics in the order shown: what one looks at most, then as they were found."""
    found = [n for n in snapshot.series if n not in ("step", "epoch") and n not in without and len(snapshot.series[n])]
    first = [n for n in _FIRST if n in found]
    return [*first, *(n for n in found if n not in first)]


def metrics_panel(snapshot: Snapshot, width: int, height: int, look: Look, *, without: tuple[str, ...] = ()) -> Canvas:
    """The list; what does not fit is counted in the title."""
    canvas = Canvas(width, height)
    names = metric_names(snapshot, without)
    hidden = len(names) - (height - 1)
    title(canvas, "metrics", [], [(f"+{hidden} more", "text.dim")] if hidden > 0 else [], look)
    for y, name in enumerate(names[: height - 1], 1):
        _row(canvas, y, name, snapshot.series[name], look)
    if not names:
        canvas.put(1, 1, f"no metric found{yet(snapshot)}", "text.dim")
    return canvas


def _row(canvas: Canvas, y: int, name: str, series: Series, look: Look) -> None:
    """One metric."""
    canvas.put(1, y, cut_middle(look.text(clean(name)), _NAME, look.cut))
    value = duration(series.last) if name == "step_time" else number(series.last, steady=True)
    x = canvas.put(_NAME + 2, y, f"{value:>{_VALUE}}", "text.strong") + 2
    canvas.put(x, y, sparkline(series, min(canvas.width - x, 40), look), "series.other")
