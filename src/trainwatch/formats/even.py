"""Lines that are the same but for their digits: what a pattern says of the first of them holds for all, value by value.

A trainer prints its numbers in fixed formats, so most lines of a log are as long as those beside them. Where that is so, comparing bytes
proves what a pattern would, and values are cut out where they stand.
"""

from __future__ import annotations

import re
import struct
from bisect import bisect_left
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from trainwatch.formats.gaps import skeleton
from trainwatch.formats.ranks import place

LEAST = 1 << 11
"""Bytes that pieces must have on the average; shorter ones cost more than a pattern does."""

FREE = 8
"""So many pieces may be shorter."""

BATCH = 16
"""Lines that are cut up at once: a value is made, and no record."""


Extent = tuple[int, int]


class Piece(NamedTuple):
    """`rows` lines of `width` bytes each from byte `begin` on, the same but for their digits.

    `values` are the extents of the values in each line; there are none where the lines are no records. `lead` bytes stand before a record:
    where they name a rank, it is the first value.
    """

    begin: int
    width: int
    rows: int
    values: tuple[Extent, ...] = ()
    lead: int = 0
    is_tagged: bool = False

    @property
    def end(self) -> int:
        """Where the next piece begins."""
        return self.begin + self.rows * self.width

    def texts(self, data: bytes) -> list[bytes]:
        """The values, one record's after another's."""
        ends = 0, *(end for _, end in self.values)
        fields = "".join(f"{begin - before}x{end - begin}s" for before, (begin, end) in zip(ends, self.values, strict=False))
        fields += f"{self.width - ends[-1]}x"
        lines = memoryview(data)[self.begin : self.end]
        most = self.rows // BATCH * BATCH * self.width
        return list(chain(*struct.iter_unpack(fields * BATCH, lines[:most]), *struct.iter_unpack(fields, lines[most:])))


def pieces(pattern: re.Pattern[bytes], data: bytes, start: int, stop: int) -> list[Piece] | None:
    """All lines of `data[start:stop]`, in few pieces; None where they differ too much. The literals of the pattern hold no digits."""
    text = skeleton(data[start:stop])
    known: dict[bytes, Piece] = {}
    found: list[Piece] = []
    at = 0
    while at < len(text):
        line = text[at : text.find(b"\n", at) + 1]
        if not line or at < (len(found) - FREE) * LEAST:
            return None
        if line not in known:
            known[line] = _line(pattern, data, start + at, len(line))
        rows = _repeated(text, len(line), at)
        found.append(known[line]._replace(begin=start + at, rows=rows))
        at += rows * len(line)
    return found


def texts(parts: Sequence[Piece], data: bytes) -> list[list[bytes]]:
    """The values of all records, by their place in the record."""
    flat = list(chain.from_iterable(part.texts(data) for part in parts)) if len(parts) > 1 else parts[0].texts(data)
    count = len(parts[0].values)
    return [flat[place::count] for place in range(count)]


def _line(pattern: re.Pattern[bytes], data: bytes, at: int, width: int) -> Piece:
    """The line that begins at `at`."""
    match = pattern.search(data, at, at + width)
    if match is None:
        return Piece(at, width, 1)
    lead = match.start() - at
    rank = place(data[at : at + lead])
    values = tuple((begin - at, end - at) for begin, end in map(match.span, range(1, pattern.groups + 1)))
    return Piece(at, width, 1, values if rank is None else (rank, *values), lead, rank is not None)


def _repeated(text: bytes, width: int, at: int) -> int:
    """How often the line of `width` bytes at `at` stands in a row: as far as the text is the same a line further on."""
    view = memoryview(text)

    def differs(more: int) -> bool:
        return not text.startswith(view[at : at + more * width], at + width)

    most = (len(text) - at) // width - 1
    return 1 + (bisect_left(range(1, most + 1), 1, key=differs) if differs(most) else most)
