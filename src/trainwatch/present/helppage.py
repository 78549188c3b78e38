"""The help page: keys, and what the glyphs mean."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.verdict import Severity
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.page import Line, Page, page_view

_MARKS = (
    ("N", "a value that is NaN or infinite"),
    ("^", "values above the chart"),
    ("c C ?", "checkpoint, best, incomplete"),
    ("n", "a note: the rules began again"),
)

_MARK = 38
"""Columns that a mark and its meaning take."""


def help_lines(keys: Sequence[tuple[str, str]], width: int, look: Look) -> list[Line]:
    """Keys on top, then severities with what to do, phases, and the marks of the chart."""
    page = Page(width, look)
    for key, text in keys:
        page.say(key, text, "text.key")
    page.head("severities")
    for severity in Severity:
        page.say(f"{look.severity[severity]} {severity.word}", severity.meaning, f"severity.{severity.word}")
    page.head("phases")
    page.flow([(f"{look.phase[name]} {name} {look.phase_fill[name] * 3}", f"phase.{name}") for name in look.phase])
    page.head("marks")
    page.flow([(f"{mark:<6}{text}".ljust(_MARK), "text.plain") for mark, text in ((look.best, "the best evaluation"), *_MARKS)])
    return page.lines


def help_view(lines: Sequence[Line], top: int, width: int, height: int, look: Look) -> Canvas:
    """The rows from `top` on, under a title that says how to leave and what leaving means."""
    canvas = Canvas(width, height)
    leave = "down moves, others close" if len(lines) >= height else "any key closes"
    page_view(lines, top, canvas, look, name="keys", about="closing this screen never stops training", more=leave)
    return canvas
