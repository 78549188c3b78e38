"""A long log is read by two processes where a processor is free: one finds the records of what comes next while the other reads.

Who does not want that gives trainwatch one processor: `taskset -c 0 trainwatch …`.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from trainwatch.formats.ahead import Ahead, Cells
from trainwatch.formats.reader import Reader
from trainwatch.model.inputs import Chunk, Input
from trainwatch.sources.forerunner import Forerunner, is_possible
from trainwatch.sources.readable import is_packed, length

LEAST = 64 << 20
"""Bytes still to be read for which a second process is worth its start."""

TRIES = 4
"""So often it is tried for a source: a log whose records change their shape more often is read by one."""

NEXT = 2
"""The first cell that the second process may do, from that of the reader: it takes its time to start."""

Key = tuple[str, int]
"""Source and attempt."""

AnyInput = TypeVar("AnyInput", bound=Input)


@contextmanager
def ahead_of(items: Iterable[AnyInput], readers: Mapping[Key, Reader]) -> Iterator[Iterator[AnyInput]]:
    """The same inputs, one after the other; a reader that has far to go is helped by a second process, which ends with this context."""
    helper = _Helper(readers)
    try:
        yield helper.pass_on(items)
    finally:
        helper.end()


class _Helper:
    """The second process, while there is one, and the reader that it helps."""

    def __init__(self, readers: Mapping[Key, Reader]) -> None:
        self._readers = readers
        self._forerunner: Forerunner | None = None
        self._helped: Key = ("", 0)
        self._tries: Counter[Key] = Counter()

    def pass_on(self, items: Iterable[AnyInput]) -> Iterator[AnyInput]:
        """Every input; in between, a process is started or ended."""
        for item in items:
            if self._forerunner is not None and not self._helps(item):
                self.end()
            yield item
            if self._forerunner is None and isinstance(item, Chunk) and math.isnan(item.seen_at):
                self._start(item)

    def end(self) -> None:
        """End the process, if there is one."""
        if self._forerunner is not None:
            self._readers[self._helped].use(None)
            self._forerunner.close()
            self._forerunner = None

    def _helps(self, item: Input) -> bool:
        """Whether the process still helps with an input: bytes that nobody saw arrive, of the shape that it looks for."""
        if not isinstance(item, Chunk) or item.final or not math.isnan(item.seen_at) or (item.source, item.attempt) != self._helped:
            return False
        reader = self._readers[self._helped]
        ahead = reader.ahead
        return ahead is not None and reader.cells == ahead.cells and item.offset < ahead.stop

    def _start(self, chunk: Chunk) -> None:
        """Start a process where that is worth it."""
        key = chunk.source, chunk.attempt
        reader, end = self._readers.get(key), chunk.offset + len(chunk.data)
        cells = None if reader is None else reader.cells
        if reader is None or cells is None or self._tries[key] >= TRIES:
            return
        self._tries[key] += 1
        size = length(chunk.source)
        if size - end < LEAST or not is_possible() or is_packed(Path(chunk.source)):
            return
        with suppress(OSError):
            numbers = range(end // cells.size + NEXT, size // cells.size)
            self._forerunner, self._helped = _forerunner(chunk.source, cells, numbers), key
            reader.use(Ahead(cells, numbers.stop * cells.size, self._forerunner.take))


def _forerunner(source: str, cells: Cells, numbers: range) -> Forerunner:
    """A process that finds the records of some cells of a file. Raises OSError where there can be none."""
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return Forerunner(partial(cells.packed, read=partial(os.pread, fd)), numbers, cells.size, fd)
    finally:
        os.close(fd)
