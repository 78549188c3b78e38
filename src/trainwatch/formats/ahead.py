"""Runs of records that another process finds ahead of the reader.

What a finder finds in a stretch follows from the bytes of the stretch, the shape and the prefixes, and from nothing else: it may be found
anywhere and in any order. So that both sides mean the same stretches, the source is cut into cells of one size; the stretch of a cell
begins behind the last newline before the cell and ends behind the last one in it.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trainwatch.formats.finder import Finder
from trainwatch.formats.places import LineOffsets
from trainwatch.formats.run import Run

STRIDE = 1 << 10
"""Every so manieth byte of a stretch is compared: a log that was rewritten in between shows in them."""

SENSELESS = (AttributeError, IndexError, TypeError, ValueError)
"""What becomes of bytes that are no run."""

Raw = bytes | memoryview
Packed = tuple[int, int, Sequence[Raw]]
"""Where a stretch begins and ends in the source, and its run as bytes."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A source cut into cells of `size` bytes, each to be searched by one finder for records behind the same `prefixes`."""

    finder: Finder
    size: int
    prefixes: tuple[bytes, ...] = ()

    def end(self, start: int) -> int:
        """The end of the cell whose stretch begins at byte `start` of the source."""
        return (start + self.size // 2) // self.size * self.size + self.size

    def packed(self, cell: int, read: Callable[[int, int], bytes]) -> Packed | None:
        """What is found in a cell, by its number from 1; None where there is nothing, or ranks, or lines are too long. `read` takes length and offset."""
        margin = self.size // 8
        base = cell * self.size - margin
        data = read(margin + self.size, base)
        start, stop = data.rfind(b"\n", 0, margin) + 1, data.rfind(b"\n", margin) + 1
        run = self.finder.find(data, start, stop, base) if start and stop else None
        return None if run is None or run.ranks else (base + start, base + stop, pack(run, data[start:stop:STRIDE]))


@dataclass(frozen=True, slots=True)
class Ahead:
    """The runs of cells up to byte `stop` of the source; `take` gives one, by where its stretch begins and ends in the source, if it is there."""

    cells: Cells
    stop: int
    take: Callable[[int, int], memoryview | None]

    def run(self, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The run in `data[start:stop]`, where `data[0]` is byte `base` of the source; None where it was not found ahead."""
        if self.cells.finder.prefixes != self.cells.prefixes:
            return None
        raw = self.take(base + start, base + stop)
        try:
            return None if raw is None else unpack(raw, data, (start, stop), base)
        except SENSELESS:
            return None


def pack(run: Run, look: bytes) -> list[Raw]:
    """A run as bytes: the length of what describes it, the description, columns and offsets. `look` is how its stretch looks."""
    columns = list({id(column): column for column in run.columns.values()}.values())
    names = {name: next(i for i, column in enumerate(columns) if column is own) for name, own in run.columns.items()}
    offsets = run.offsets if isinstance(run.offsets, array) else None
    odd = {row: gap.decode("latin-1") for row, gap in run.odd.items()}
    about = json.dumps([look.decode("latin-1"), len(run), names, len(columns), offsets is not None, odd, run.adjacent]).encode()
    parts = columns if offsets is None else [*columns, offsets]
    return [len(about).to_bytes(8, "little"), about, *(memoryview(part).cast("B") for part in parts)]


def unpack(raw: memoryview, data: bytes, extent: tuple[int, int], base: int) -> Run | None:
    """The run again, without texts; None when its stretch looked otherwise. Raises one of `SENSELESS` for bytes that are no run."""
    start, stop = extent
    at = 8 + int.from_bytes(raw[:8], "little")
    look, rows, names, count, scattered, gaps, adjacent = json.loads(bytes(raw[8:at]))
    if look.encode("latin-1") != data[start:stop:STRIDE]:
        return None
    columns = [_array("d", raw, at + number * rows * 8, rows) for number in range(count)]
    offsets = _array("q", raw, at + count * rows * 8, rows) if scattered else LineOffsets(data, base, start, stop, rows)
    odd = {int(row): gap.encode("latin-1") for row, gap in gaps.items()}
    values = {name: columns[number] for name, number in names.items()}
    return Run(base, texts={}, is_whole=False, columns=values, offsets=offsets, odd=odd, adjacent=adjacent)


def _array(code: str, raw: memoryview, at: int, rows: int) -> array[Any]:
    """So many values. Raises ValueError where there are fewer."""
    values: array[Any] = array(code)
    values.frombytes(raw[at : at + rows * 8])
    if len(values) != rows or rows < 1:
        raise ValueError("the bytes end too early")
    return values
