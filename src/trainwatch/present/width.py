"""How many terminal cells text takes, and text made to fit."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNIT = re.compile(r"(?<=\d) (?:%|(?:ms|s|min|h|d|[KMGTP]?B)\b)")
"""The blank between a number and what it counts."""


@lru_cache(maxsize=4096)
def char_cells(char: str) -> int:
    """The cells of one character: 2 for wide ones, 0 for marks that combine with the one before."""
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.combining(char) else 1


def cells(text: str) -> int:
    """The cells of a text."""
    return len(text) if text.isascii() else sum(map(char_cells, text))


def cut(text: str, width: int, mark: str = "…") -> str:
    """The text in at most `width` cells; where something is lost, `mark` ends it."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    return _head(text, room) + mark if room >= 0 else _head(text, max(width, 0))


def cut_middle(text: str, width: int, mark: str = "…") -> str:
    """The text in at most `width` cells; head and end are kept, for names whose end tells most."""
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 2:
        return cut(text, width, mark)
    head = _head(text, (room + 1) // 2)
    return head + mark + _head(text[::-1], room - cells(head))[::-1]


def wrap(text: str, width: int, lines: int, mark: str = "…") -> list[str]:
    """The text in at most `lines` lines, broken at blanks where possible, the last one cut."""
    out: list[str] = []
    rest = text.strip()
    while rest and len(out) < lines - 1 and cells(rest) > width:
        at = _break(rest, len(_head(rest, width + 1)))
        at = at if at > width // 2 else len(_head(rest, width))
        out.append(rest[:at].rstrip())
        rest = rest[at:].lstrip() if at else ""
    return [*out, cut(rest, width, mark)] if rest else out


def _break(text: str, end: int) -> int:
    """The last blank before `end` that does not part a number from its unit; -1 when there is none."""
    at = text.rfind(" ", 0, end)
    while at > 0 and _UNIT.match(text, at):
        at = text.rfind(" ", 0, at)
    return at


def _head(text: str, width: int) -> str:
    """As much of the text as fits."""
    if text.isascii():
        return text[: max(width, 0)]
    used = 0
    for i, char in enumerate(text):
        used += char_cells(char)
        if used > width:
            return text[:i]
    return text
