"""What the tests of this room share: records as plain tuples, and pieces of logs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts


def plain(blocks: Iterable[Block]) -> list[tuple[object, ...]]:
    """Everything a record says, comparable: NaN is like NaN."""
    found: list[tuple[object, ...]] = []
    for block in blocks:
        for row in range(len(block)):
            values = tuple((name, _same(value)) for name, value in block.values(row).items())
            derived = tuple(name for name in block.derived if name != "step" or block.step(row) is not None)
            place = (block.line(row), block.offsets[row])
            found.append((block.kind, block.format, *place, block.step(row), _same(block.epoch(row)), values, derived))
    return found


def read(data: bytes | str, names: Sequence[str] | None = None, facts: Facts | None = None) -> list[tuple[object, ...]]:
    """The records of a log read in one go."""
    raw = data.encode() if isinstance(data, str) else data
    return plain(Reader("log", facts=Facts() if facts is None else facts, names=names).feed(raw, 0, final=True))


def read_in(data: bytes, cuts: Sequence[int], *, fast: bool = True, only: AbstractSet[str] = frozenset()) -> list[tuple[object, ...]]:
    """The records of a log that arrives in pieces; each piece is looked at before the next one comes."""
    reader = Reader("log", facts=Facts(), only=only)
    if not fast:
        reader._blocks._may_skip = lambda *_: False  # type: ignore[method-assign]
    found: list[tuple[object, ...]] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in pairwise(edges):
        found += plain(reader.feed(data[start:stop], start))
    return found + plain(reader.feed(b"", len(data), final=True))


def values(record: tuple[object, ...]) -> dict[str, object]:
    """The values of a record."""
    return dict(record[6])  # type: ignore[call-overload]


def _same(value: object) -> object:
    """A value that equals itself."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value
