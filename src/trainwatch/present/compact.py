"""The overview for a window too small for charts: a line for each question."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.alert import alert_panel
from trainwatch.present.canvas import Canvas
from trainwatch.present.header import header
from trainwatch.present.look import Look
from trainwatch.present.numbers import number
from trainwatch.present.sentences import best_sentence, since_sentence
from trainwatch.present.sparkline import sparkline


def compact(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """Header, worst alert, phase, best, train and eval loss as sparklines: as many rows as there are."""
    canvas = Canvas(width, height)
    canvas.stamp(header(snapshot, width, look), 0, 0)
    canvas.stamp(alert_panel(snapshot, width, 1, look), 0, 1)
    if snapshot.phases:
        span = snapshot.phases[-1]
        x = canvas.put(0, 2, f"{look.phase[span.phase]} {span.phase}", f"phase.{span.phase}")
        canvas.put(x + 1, 2, since_sentence(span), "text.dim")
    canvas.put(0, 3, f"{look.best} {best_sentence(snapshot.best)}", "text.best")
    for y, (name, role) in enumerate((("loss", "series.train"), ("eval_loss", "series.eval")), 4):
        series = snapshot.series.get(name)
        if series is not None and len(series):
            x = canvas.put(0, y, f"{name:<10}{number(series.last, steady=True):>8}  ", role)
            canvas.put(x, y, sparkline(series, width - x, look), role)
    return canvas
