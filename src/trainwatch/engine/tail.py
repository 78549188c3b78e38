"""The newest bytes of a source, kept for the log pane and for the search after the cause of death."""

from __future__ import annotations

from collections import deque
from functools import reduce
from itertools import accumulate, pairwise
from zlib import crc32

from trainwatch.formats.text import newlines
from trainwatch.present.clean import lines

KEPT = 8 << 20
"""Bytes kept of each source: more than the echoes of any failure seen."""


Layout = tuple[int, int, tuple[int, ...], int]
"""The offset of a window, the line number of its first byte, the lengths of its pieces, the checksum of its bytes."""


class Tail:
    """A window of at least the last `KEPT` bytes, with the line number of its first byte."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self.offset = 0
        self.first_line = 1
        self._shown: dict[tuple[int, int], tuple[int, tuple[str, ...]]] = {}

    @classmethod
    def of(cls, layout: Layout, data: bytes) -> Tail:
        """The window of this layout, whose bytes are read again; an empty one behind it when they are no longer there."""
        tail = cls()
        tail.offset, tail.first_line, sizes, check = layout
        if len(data) == sum(sizes) and crc32(data) == check:
            tail._chunks.extend(data[start:end] for start, end in pairwise(accumulate(sizes, initial=0)))
            tail._size = len(data)
        else:
            tail.offset += sum(sizes)
        return tail

    def layout(self) -> Layout:
        """Where the window lies and how it is cut."""
        return (
            self.offset,
            self.first_line,
            tuple(map(len, self._chunks)),
            reduce(lambda check, chunk: crc32(chunk, check), self._chunks, 0),
        )

    def add(self, data: bytes, offset: int) -> None:
        """Append what follows. Bytes from elsewhere (a rewritten file) start the window again."""
        if offset != self.offset + self._size:
            self._chunks.clear()
            self._size, self.offset = 0, offset
            self.first_line = 1
        if not data:
            return
        self._chunks.append(data)
        self._size += len(data)
        while self._size - len(self._chunks[0]) >= KEPT:
            gone = self._chunks.popleft()
            self._size -= len(gone)
            self.offset += len(gone)
            self.first_line += newlines(gone)

    @property
    def end(self) -> int:
        """The byte position after the newest byte."""
        return self.offset + self._size

    def window(self) -> bytes:
        """The whole window."""
        return b"".join(self._chunks)

    def newest(self, size: int) -> bytes:
        """The last `size` bytes, fewer when there are not so many."""
        parts: list[bytes] = []
        missing = size
        for chunk in reversed(self._chunks):
            if missing <= 0:
                break
            parts.append(chunk[-missing:])
            missing -= len(chunk)
        return b"".join(reversed(parts))

    def lines(self, size: int, most: int) -> tuple[str, ...]:
        """The newest lines within the last `size` bytes, at most so many, fit for a screen; made once for the same bytes."""
        end, shown = self._shown.get((size, most), (-1, ()))
        if end != self.end:
            shown = tuple(lines(_last_lines(self.newest(size), most)))
            self._shown[size, most] = self.end, shown
        return shown


def _last_lines(data: bytes, most: int) -> bytes:
    """The last lines of some bytes."""
    at = len(data) - data.endswith(b"\n")
    for _ in range(most):
        at = data.rfind(b"\n", 0, at)
        if at < 0:
            return data
    return data[at + 1 :]
