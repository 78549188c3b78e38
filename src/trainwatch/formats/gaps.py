"""What may stand between two records without anybody looking at it.

Pictures of a bar that say how far it is and nothing else, empty lines, and before a record what stood before one already, but for its
digits, such as a time. All else may matter: it is read line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

NEWLINE, RETURN = 10, 13
CLEAR = frozenset(b"\r\n")
"""Before a record that begins its line, or the line as it shows."""

_BAR = rb" {0,4}\d{1,3}%\|[^|\r\n=:\[\]{}\x1b]{0,400}\| \d{1,15}/\d{1,15} \[\d[\d:]{1,12}<[\d:?]{1,24}, {1,6}[\d.?]{1,12}(?:it/s|s/it)\]"
_PICTURE = re.compile(_BAR)
_OVERWRITTEN = re.compile(rb"(?:(?:" + _BAR + rb"| {0,400}+)\r)+")


_NOT_A_PREFIX = re.compile(rb"[\"'`{}#]|(?<![( ]pid)(?<!, ip)=|[A-Za-z0-9_.]\Z")
"""What may not stand before a record that begins its line: code, quotes, or a word that goes on; what Ray says of a process may."""

MAX_PREFIX = 200
"""A longer text is no prefix, in bytes."""

_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def begins_line(line: bytes, position: int) -> bool:
    """Whether a record at a position of its line may be one that begins it."""
    return position <= MAX_PREFIX and _NOT_A_PREFIX.search(line, 0, position) is None


def may_precede(prefix: bytes, *, anywhere: bool) -> bool:
    """Whether a text may be part of a pattern for records; `anywhere` says that they need not begin their lines."""
    return 0 < len(prefix) <= MAX_PREFIX and b"=" not in prefix and (anywhere or begins_line(prefix, len(prefix)))


def skeleton(prefix: bytes) -> bytes:
    """A prefix without what its digits say."""
    return prefix.translate(_DIGITS)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a log: whether pictures of bars tell nothing new, and the skeletons of what stood before a record."""

    bars: bool
    prefixes: AbstractSet[bytes]

    def loud(self, gap: bytes, *, is_last: bool = False) -> Iterator[tuple[int, int]]:
        """The extents of the lines in a gap that must be read, newlines included; -1 is the end of the line of the record behind it.

        The first byte of a gap belongs to what is before it. `is_last` says that no record stands behind the gap.
        """
        position = 1
        while (end := gap.find(b"\n", position)) >= 0:
            if not self._is_quiet(gap, position, end):
                yield position, end + 1
            position = end + 1
        is_quiet = self._is_overwritten if is_last else self._is_quiet_before
        if position < len(gap) and not is_quiet(gap, position):
            yield position, -1

    def is_loud(self, data: bytes, start: int, end: int) -> bool:
        """Whether anything between two records, in `data[start:end]`, must be read."""
        if data[end - 1] in CLEAR and data.find(b"\n", start, end) < 0:
            return data.find(b"=", start, end) >= 0
        return next(self.loud(data[start - 1 : end]), None) is not None

    def _is_quiet(self, gap: bytes, start: int, end: int) -> bool:
        """Whether a line shows at last, and showed before, nothing but bars without values."""
        if gap.find(b"=", start, end) >= 0:
            return False
        while end > start and gap[end - 1] == RETURN:
            end -= 1
        shown = max(start, gap.rfind(b"\r", start, end) + 1)
        return shown == end or (self.bars and _PICTURE.fullmatch(gap, shown, end) is not None)

    def _is_overwritten(self, gap: bytes, start: int) -> bool:
        """Whether a line that goes on has shown nothing so far but bars without values, and shows nothing now."""
        return self.bars and _OVERWRITTEN.fullmatch(gap, start) is not None

    def _is_quiet_before(self, gap: bytes, start: int) -> bool:
        """Whether a record's line shows, and showed, nothing before it but bars without values, or what is known."""
        if gap.endswith(b"\r"):
            return gap.find(b"=", start) < 0
        if self._is_quiet(gap, start, len(gap)):
            return True
        return gap.find(b"=", start) < 0 and skeleton(gap[max(start, gap.rfind(b"\r") + 1) :]) in self.prefixes
