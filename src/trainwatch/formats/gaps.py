"""What may stand between two records without anybody looking at it.

Pictures of a bar that say how far it is and nothing else, empty lines. All else may matter: it is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

GLUED = 93
"""The `]` of a bar to which a record is glued."""

_PICTURE = re.compile(
    rb" {0,4}\d{1,3}%\|[^|\r\n=:\[\]{}\x1b]{0,400}\| \d{1,15}/\d{1,15} \[\d[\d:]{1,12}<[\d:?]{1,24}, {1,6}[\d.?]{1,12}(?:it/s|s/it)\]\r?"
)


def loud(gap: bytes, *, bars: bool, is_last: bool = False) -> Iterator[tuple[int, int]]:
    """The extents of the lines in a gap that must be read, newlines included; -1 is the end of the line on which the next record stands.

    The first byte of a gap belongs to what is before it. `bars` says that pictures of bars tell nothing new,
    `is_last` that no record stands behind the gap.
    """
    position = 1
    while (end := gap.find(b"\n", position)) >= 0:
        if not _is_quiet(gap, position, end, bars=bars):
            yield position, end + 1
        position = end + 1
    if position < len(gap) and (is_last or not _is_quiet_before(gap, position, bars=bars)):
        yield position, -1


def is_loud(data: bytes, start: int, end: int, *, bars: bool) -> bool:
    """Whether anything between two records, in `data[start:end]`, must be read."""
    if data[end - 1] != GLUED and data.find(b"\n", start, end) < 0:
        return data.find(b"=", start, end) >= 0
    return next(loud(data[start - 1 : end], bars=bars), None) is not None


def _is_quiet(gap: bytes, start: int, end: int, *, bars: bool) -> bool:
    """Whether a line shows at last, and showed before, nothing but bars without values."""
    if gap.find(b"=", start, end) >= 0:
        return False
    shown = max(start, gap.rfind(b"\r", start, max(start, end - 1)) + 1)
    return gap[shown:end] in (b"", b"\r") or (bars and _PICTURE.fullmatch(gap, shown, end) is not None)


def _is_quiet_before(gap: bytes, start: int, *, bars: bool) -> bool:
    """Whether a record's line shows, and showed, nothing but bars without values before it."""
    return gap.find(b"=", start) < 0 if gap.endswith(b"\r") else _is_quiet(gap, start, len(gap), bars=bars)
