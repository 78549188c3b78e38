"""Lines into which several ranks printed their records, one behind another, before any of them printed its newline.

Python writes a text and its newline one after the other when nothing holds its output back, as launchers ask for with `-u`. Such a line
begins like a record of its log, and so does each of its parts: `step 5 loss 2.1step 5 loss 2.2`.
"""

from __future__ import annotations

import re

_WORD = re.compile(rb"[A-Za-z]{2}|[A-Za-z][^A-Za-z\d]+[A-Za-z]")
_DIGITS = re.compile(rb"\d+")
_END = re.compile(rb"(?:\d[A-Za-z/%]{0,6}|[\])}%|]|\b(?:nan|inf)\b)\Z", re.IGNORECASE)
"""What a record ends with: a number and its unit, or what closes it."""

LONGEST = 120
"""The first word of a record begins within so many bytes."""

NUMBERS = 8
"""Numbers before the first word at most: a date, a time, a rank."""


def parts(line: bytes) -> list[int]:
    """Where the records of a cleaned line begin, the first of them included; nothing for a line that is one."""
    first = _DIGITS.search(line, 0, LONGEST)
    if first is None:
        return []
    head = line[: first.start()]
    if _WORD.search(head) is not None:
        found = _repeated(line, head, first.start())
    else:
        pattern = _head(line)
        found = [match.start() for match in re.compile(pattern).finditer(line, first.end())] if pattern else []
    begins = [at for at in found if _END.search(line[max(at - 8, 0) : at]) is not None]
    return [0, *begins] if begins else []


def _repeated(line: bytes, head: bytes, position: int) -> list[int]:
    """Where a text stands again before a digit."""
    found = []
    while (position := line.find(head, position)) >= 0:
        if line[position + len(head) : position + len(head) + 1].isdigit():
            found.append(position)
        position += len(head)
    return found


def _head(line: bytes) -> bytes:
    """A pattern of how a line begins up to the number behind its first word, its figures left open; empty where no such word stands again."""
    pattern, position = b"", 0
    for count, run in enumerate(_DIGITS.finditer(line, 0, LONGEST)):
        text = line[position : run.start()]
        pattern += re.escape(text)
        if count and _WORD.search(text) is not None:
            return pattern + rb"(?=\d)" if line.find(text, run.end()) >= 0 else b""
        if count == NUMBERS:
            break
        pattern += rb"\d{%d}" % len(run[0]) if run.start() == 0 else rb"\d+"
        position = run.end()
    return b""
