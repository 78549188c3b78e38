"""A text of labelled sentences in sections, longer than the screen: written for a width, shown from any row on."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.present.axes import Part, title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.width import cells, wrap

Line = tuple[Part, ...]
"""What stands in one row, from left to right."""

LABEL = 10
"""Columns before a sentence, for the word that says what it is about."""

_LONGEST = 40
"""Rows that one sentence may take."""


class Page:
    """Rows that are being written, for a screen of some width."""

    def __init__(self, width: int, look: Look) -> None:
        self.lines: list[Line] = []
        self.look = look
        self.width = width - 1

    def head(self, text: str) -> None:
        """Begin a section."""
        rule = self.look.rule * max(self.width - cells(text) - 4, 0)
        self.lines.append(((f"{self.look.rule} ", "text.rule"), (text, "text.title"), (f" {rule}", "text.rule")))

    def say(self, label: str, text: str, role: str = "text.dim") -> None:
        """A sentence over as many rows as it needs, its label before the first, in its role."""
        for i, line in enumerate(wrap(self.look.text(clean(text)), self.width - LABEL, _LONGEST, self.look.cut)):
            self.lines.append(((f"{'' if i else label:<{LABEL}}", role), (line, "text.plain")))

    def flow(self, parts: Sequence[Part]) -> None:
        """Short pieces side by side, none of them broken."""
        row: list[Part] = []
        for text, role in parts:
            if row and sum(cells(t) for t, _ in row) + cells(text) > self.width:
                self.lines.append(tuple(row))
                row = []
            row.append((f"{text}   ", role))
        self.lines.append(tuple(row))


def page_view(lines: Sequence[Line], top: int, canvas: Canvas, look: Look, *, name: str, about: str, more: str = "") -> None:
    """The rows from `top` on under a title, which says `more`, and which of how many rows are shown where they do not all fit."""
    rows = max(canvas.height - 1, 0)
    where = f"{top + 1} to {min(top + rows, len(lines))} of {len(lines)} lines" if len(lines) > rows else ""
    title(canvas, name, [(about, "text.dim")], [(text, "text.dim") for text in (where, more) if text], look)
    for y, line in enumerate(lines[top : top + rows], 1):
        x = 1
        for text, role in line:
            x = canvas.put(x, y, text, role)


def scrolled(top: int, count: int, height: int) -> int:
    """The nearest first row with which a page of `count` rows fills a screen of that height, its title included."""
    return min(max(top, 0), max(count - max(height - 1, 1), 0))
