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
    ("c C ?", "checkpoint, best, incomplete"),
    ("n", "a note: the rules began again"),
)

_MARK = 40
"""Columns that a mark and its meaning take."""


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
    _marks(canvas, y, look)
    return canvas


def _marks(canvas: Canvas, y: int, look: Look) -> None:
    """What stands in the chart, two in a row where there is room."""
    row = Canvas(canvas.width, 1)
    title(row, "marks", [], [], look)
    canvas.stamp(row, 0, y)
    across = 2 if canvas.width >= 2 * _MARK else 1
    for i, (mark, text) in enumerate(((look.best, "the best evaluation"), *_CHART)):
        x, at = 2 + i % across * _MARK, y + 1 + i // across
        canvas.put(x, at, mark, "text.key")
        canvas.put(x + 8, at, text)


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
