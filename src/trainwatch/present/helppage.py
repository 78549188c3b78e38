"""The help page: keys, and what the glyphs mean."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.verdict import Severity
from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look

_CHART = (
    ("N", "a value that is NaN or infinite"),
    ("^", "values above the chart"),
    ("c C ?", "checkpoint, the best one, not complete"),
)


def help_page(keys: Sequence[tuple[str, str]], width: int, height: int, look: Look) -> Canvas:
    """Keys on top, then severities with what to do, phases, and the marks of the chart."""
    canvas = Canvas(width, height)
    title(canvas, "keys", [("closing this screen never stops training", "text.dim")], [("any key closes", "text.dim")], look)
    y = 1
    for key, text in keys:
        canvas.put(2, y, key, "text.key")
        canvas.put(10, y, text)
        y += 1
    y = _severities(canvas, y, look)
    y = _phases(canvas, y, look)
    title_row = Canvas(width, 1)
    title(title_row, "marks", [], [], look)
    canvas.stamp(title_row, 0, y)
    for i, (mark, text) in enumerate((*_CHART, (look.best, "the best evaluation")), y + 1):
        canvas.put(2, i, mark, "text.key")
        canvas.put(10, i, text)
    return canvas


def _severities(canvas: Canvas, y: int, look: Look) -> int:
    """The four severities; returns the row after them."""
    row = Canvas(canvas.width, 1)
    title(row, "severities", [], [], look)
    canvas.stamp(row, 0, y)
    for y, severity in enumerate(Severity, y + 1):  # noqa: B020, PLR1704  the row goes on
        canvas.put(2, y, f"{look.severity[severity]} {severity.word}", f"severity.{severity.word}")
        canvas.put(14, y, severity.meaning)
    return y + 1


def _phases(canvas: Canvas, y: int, look: Look) -> int:
    """The phases in a row or two; returns the row after them."""
    row = Canvas(canvas.width, 1)
    title(row, "phases", [], [], look)
    canvas.stamp(row, 0, y)
    x, y = 2, y + 1
    for name in look.phase:
        text = f"{look.phase[name]} {name} {look.phase_fill[name] * 3}"
        if x + len(text) > canvas.width:
            x, y = 2, y + 1
        x = canvas.put(x, y, text, f"phase.{name}") + 3
    return y + 1
