"""Records become blocks."""

from __future__ import annotations

import math
from array import array

from trainwatch.formats.places import KnownPlaces
from trainwatch.formats.record import Record
from trainwatch.model.block import Block, Kind, Scalar

_Signature = tuple[Kind, str, tuple[str, ...], tuple[str, ...]]


class Gather:
    """Collects records in file order into blocks: each has one kind, one format and one set of names."""

    def __init__(self, source: str, attempt: int) -> None:
        self.source, self.attempt = source, attempt
        self.seen_at = math.nan
        self._blocks: list[Block] = []
        self._signature: _Signature | None = None
        self._columns: list[array[float]] = []
        self._offsets: array[int] = array("q")
        self._texts: list[dict[str, Scalar]] = []
        self._places = KnownPlaces()
        self._zero = ""

    def add(self, record: Record, offset: int, line: int) -> None:
        """A record that begins at byte `offset` of the source, on `line`."""
        signature = (record.kind, record.format, tuple(record.values), record.derived)
        if signature != self._signature:
            self.close()
            self._signature = signature
            self._columns = [array("d") for _ in record.values]
        for column, value in zip(self._columns, record.values.values(), strict=True):
            column.append(value)
        self._offsets.append(offset)
        self._texts.append(record.texts)
        self._zero = self._zero or record.zero_rate
        self._places.lines[offset] = line

    def block(self, block: Block) -> None:
        """A block that is complete already."""
        self.close()
        self._blocks.append(block)

    def close(self) -> None:
        """End the block under way."""
        if self._signature is not None:
            kind, form, names, derived = self._signature
            texts = tuple(self._texts) if any(self._texts) else ()
            columns = dict(zip(names, self._columns, strict=True))
            self._blocks.append(
                Block(kind, self.source, self.attempt, form, columns, self._offsets, self._places, texts, derived, self.seen_at, self._zero)
            )
        self._signature, self._columns, self._offsets, self._texts, self._places = None, [], array("q"), [], KnownPlaces()
        self._zero = ""

    def take(self) -> list[Block]:
        """The blocks since the last time."""
        self.close()
        blocks, self._blocks = self._blocks, []
        return blocks
