"""A little of a log, read at once however long it is: its end, and windows spread over the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from trainwatch.model.inputs import Chunk
from trainwatch.sources.readable import GZIP, open_log

HEAD = 8 << 10
TAIL = 64 << 10
WINDOWS = 16
WINDOW = 4 << 10
SMALL = HEAD + TAIL + WINDOWS * WINDOW
"""Bytes up to which a log is not sampled but read: as many as are read before anybody notices that it takes time."""

BLOCK = 16 << 10
"""Bytes read at once on the way backwards."""


def sampled(path: Path, source: str | None = None) -> Iterator[Chunk]:
    """Whole lines from all over the log, in file order, most from its beginning and its end; nothing for a log that is small, or packed.

    Raises NotFoundError or NotReadableError.
    """
    fd = open_log(path)
    try:
        size = os.fstat(fd).st_size
        if size <= SMALL or os.pread(fd, 2, 0) == GZIP:
            return
        name = str(path) if source is None else source
        yield from _window(fd, 0, HEAD, name)
        for number in range(WINDOWS):
            yield from _window(fd, HEAD + number * (size - HEAD - TAIL) // WINDOWS, WINDOW, name)
        yield from _window(fd, size - TAIL, TAIL, name)
    finally:
        os.close(fd)


def lines_before(fd: int, end: int, lines: int, limit: int = 4 << 20) -> tuple[int, bytes]:
    """(offset, bytes): the last `lines` lines that end at or before byte `end`; reads backwards, at most `limit` bytes.

    A line that is longer than `limit` is cut at its beginning.
    """
    data, start = b"", end
    while start > 0 and data.count(b"\n", 0, -1) < lines and len(data) < limit:
        size = min(start, BLOCK)
        start -= size
        data = os.pread(fd, size, start) + data
    cut = _line_start(data, lines) if start > 0 or data.count(b"\n", 0, -1) >= lines else 0
    return start + cut, data[cut:]


def _line_start(data: bytes, lines: int) -> int:
    """Where the last `lines` lines begin."""
    at = len(data) - 1
    for _ in range(lines):
        at = data.rfind(b"\n", 0, max(at, 0))
        if at < 0:
            return 0
    return at + 1


def _window(fd: int, start: int, size: int, source: str) -> Iterator[Chunk]:
    """The whole lines of a stretch."""
    data = os.pread(fd, size, start)
    begin = 0 if start == 0 else max(data.find(b"\n"), data.find(b"\r")) + 1
    end = data.rfind(b"\n") + 1
    if begin < end:
        yield Chunk(source, start + begin, data[begin:end])
