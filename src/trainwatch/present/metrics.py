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

_LONG, _WIDE = 26, 50
"""Cells for a name in rows of at least so many."""

_COLUMN, _GAP = 38, 2
"""Cells for a metric with its course, and between two of them."""


def metric_names(snapshot: Snapshot, without: tuple[str, ...] = ()) -> list[str]:
    """The metrics in the order shown: what one looks at most, then as they were found."""
    found = [n for n in snapshot.series if n not in ("step", "epoch") and n not in without and len(snapshot.series[n])]
    first = [n for n in _FIRST if n in found]
    return [*first, *(n for n in found if n not in first)]


def metrics_panel(snapshot: Snapshot, width: int, height: int, look: Look, *, without: tuple[str, ...] = ()) -> Canvas:
    """The list, in several columns where there is room; what does not fit is counted in the title."""
    canvas = Canvas(width, height)
    names = metric_names(snapshot, without)
    rows, columns = max(height - 1, 1), max((width + _GAP) // (_COLUMN + _GAP), 1)
    hidden = len(names) - rows * columns
    title(canvas, "metrics", [], [(f"+{hidden} more", "text.dim")] if hidden > 0 else [], look)
    each = (width + _GAP) // columns
    for i, name in enumerate(names[: rows * columns]):
        canvas.stamp(_row(name, snapshot.series[name], each - _GAP, look), i // rows * each, 1 + i % rows)
    if not names:
        canvas.put(1, 1, f"no metric found{yet(snapshot)}", "text.dim")
    return canvas


def newest(name: str, series: Series, *, steady: bool = False) -> str:
    """The newest value of a metric, with its unit where we know it."""
    return duration(series.last) if name == "step_time" else number(series.last, steady=steady)


def _row(name: str, series: Series, width: int, look: Look) -> Canvas:
    """One metric."""
    canvas = Canvas(width, 1)
    named = _LONG if width >= _WIDE else _NAME
    canvas.put(1, 0, cut_middle(look.text(clean(name)), named, look.cut))
    value = newest(name, series, steady=True)
    x = canvas.put(named + 2, 0, f"{value:>{_VALUE}}", "text.strong") + 2
    canvas.put(x, 0, sparkline(series, min(canvas.width - x, 40), look), "series.other")
    return canvas
