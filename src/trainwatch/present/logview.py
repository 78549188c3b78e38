"""A page of the log as cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.numbers import size
from trainwatch.present.width import cells, cut, cut_middle


@dataclass(frozen=True, slots=True)
class LogHeader:
    """What is shown: `offset` is the byte at which the page begins, `term` what is searched for, empty when nothing is.

    `shift` is how many characters of each line lie left of the screen.
    """

    source: str
    offset: int
    following: bool
    term: str = ""
    shift: int = 0


def log_view(lines: Sequence[str], width: int, height: int, look: Look, head: LogHeader) -> Canvas:
    """A title and the lines, as many as there are rows; what matches the search is marked."""
    canvas = Canvas(width, height)
    where = "follow" if head.following else f"from byte {size(head.offset)}"
    where += f", from column {head.shift + 1}" if head.shift else ""
    parts = [(cut_middle(look.text(clean(head.source)), max(width - 50, 10), look.cut), "text.plain"), (where, "text.dim")]
    term = look.text(clean(head.term))
    title(canvas, "log", parts, [(f"/{term}", "text.key")] if term else [], look)
    pattern = re.compile(re.escape(term), re.IGNORECASE) if term else None
    for y, line in enumerate(lines[-(height - 1) :] if height > 1 else (), 1):
        text = cut(look.text(clean(line[: head.shift + 8 * width])[head.shift :]), width, look.cut)
        canvas.put(0, y, text)
        if pattern:
            _mark(canvas, y, text, pattern)
    if not lines:
        canvas.put(1, 1, "nothing was printed yet", "text.dim")
    return canvas


def _mark(canvas: Canvas, y: int, text: str, pattern: re.Pattern[str]) -> None:
    """Show where a line matches."""
    for match in pattern.finditer(text):
        canvas.put(cells(text[: match.start()]), y, match.group(), "text.match")
