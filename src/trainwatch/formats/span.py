"""When a log was written, by its own clocks."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator

from trainwatch.model.span import Span

HEAD = 1 << 16
TAIL = 1 << 13
NEAR = 1 << 9
"""Bytes at the end in which the last timestamp is looked for first."""

LONGEST = 26
"""Bytes of a timestamp at most."""

BESIDE = 256
"""Bytes by which a stamp may stand before the record that it belongs to."""

_STAMP = re.compile(rb"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?")
_MIDDLE, _YEAR = re.compile(rb"[-/]\d\d[-/]\d\d[ T]\d\d:"), 4
"""What is rarer than the digits that a stamp begins with, and how many of these stand before it: looked for first, it takes a third of the time."""


class Stamps:
    """Remembers the beginning and the end of a stream; the timestamps in them are looked for when asked."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._start: tuple[float, int] | None = None
        self._size = 0
        self._records: tuple[int, int] | None = None
        self._searched = 0
        self._told: tuple[tuple[object, ...], Span] = ((), Span())

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream."""
        if len(self._head) < HEAD:
            self._head += data[: HEAD - len(self._head)]
        self._tail = (self._tail + data[-TAIL:])[-TAIL:]
        self._size += len(data)

    def record(self, first: int, last: int) -> None:
        """Records of training lie at these positions in the stream, behind those told of before."""
        self._records = (first if self._records is None else self._records[0], last)

    def span(self, elapsed: float) -> Span:
        """From the first timestamp to the last, if the training lies between, else the `elapsed` seconds of the train bar, else nothing."""
        asked = self._size, elapsed, self._records
        if self._told[0] != asked:
            self._told = asked, self._span(elapsed)
        return self._told[1]

    def _span(self, elapsed: float) -> Span:
        """The same, worked out."""
        start, end = self._first(), self._last()
        if start is not None and end is not None and end[0] > start[0] and self._encloses(start[1], end[1]):
            return Span(start[0], end[0], "timestamps", absolute=True)
        return Span(0.0, elapsed, "progress bar") if elapsed > 0 else Span()

    def _first(self) -> tuple[float, int] | None:
        """(seconds, position) of the first timestamp; what was searched is not searched again."""
        if self._start is None and self._searched < len(self._head):
            first = next(_stamps(self._head, max(self._searched - LONGEST, 0)), None)
            self._searched = len(self._head)
            self._start = (_seconds(first), first.start()) if first else None
        return self._start

    def _last(self) -> tuple[float, int] | None:
        """(seconds, position) of the last timestamp; looked for where there was a first one."""
        if self._start is None:
            return None
        for size in (NEAR, TAIL):
            found = list(_stamps(self._tail, max(len(self._tail) - size, 0)))
            if found:
                return _seconds(found[-1]), found[-1].start() + self._size - len(self._tail)
        return None

    def _encloses(self, start: int, end: int) -> bool:
        """Whether most of the records lie between two stamps: a launcher's own lines tell the time of the start only."""
        if self._records is None:
            return True
        middle = sum(self._records) // 2
        return start <= middle <= end + BESIDE


def _stamps(data: bytes, start: int) -> Iterator[re.Match[bytes]]:
    """The timestamps from a position on."""
    for middle in _MIDDLE.finditer(data, start + _YEAR):
        stamp = _STAMP.match(data, middle.start() - _YEAR)
        if stamp is not None:
            yield stamp


def _seconds(match: re.Match[bytes]) -> float:
    """Unix seconds of a timestamp, taken as UTC: logs do not say their zone."""
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return 0.0
    fraction = float(b"0." + match[7]) if match[7] else 0.0
    return calendar.timegm((year, month, day, hour, minute, second)) + fraction
