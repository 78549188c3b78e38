"""Markdown that holds what logs hold: nothing from a log can end a cell, open a tag or reach a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from trainwatch.present.clean import clean

_MARKS = re.compile(r"([\\`*_\[\]<>|])")


def plain(text: str) -> str:
    """Text that means nothing to Markdown or HTML, on one line."""
    return _MARKS.sub(_escape, clean(text))


def _escape(match: re.Match[str]) -> str:
    """A mark as text. Underscores inside words need none, and read better without."""
    mark = match[1]
    if mark == "_":
        before, after = match.string[max(match.start() - 1, 0) : match.start()], match.string[match.end() : match.end() + 1]
        return mark if before.isalnum() and after.isalnum() else "\\_"
    return {"<": "&lt;", ">": "&gt;"}.get(mark, "\\" + mark)


def code(text: str) -> str:
    """Text as a code span on one line; backticks and bars inside become lookalikes that break nothing."""
    shown = clean(text).replace("`", "'").replace("|", "\N{BROKEN BAR}").strip()
    return f"`{shown}`" if shown else ""


def bullet(text: str) -> str:
    """One item of a list."""
    return f"- {plain(text)}"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table as lines; none without rows. Cells hold Markdown already."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}", *body] if body else []
