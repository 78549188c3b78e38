"""The ways to find the records of one shape in a stretch, from the cheapest.

That nothing else stands between the records is proven by counting lines; only where the count differs is each gap looked at.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from trainwatch.formats import even
from trainwatch.formats.gaps import CLEAR, NEWLINE, skeleton
from trainwatch.formats.places import LineOffsets
from trainwatch.formats.quick import Quick
from trainwatch.formats.ranks import tag_in
from trainwatch.formats.text import newlines

_DIGIT = re.compile(rb"\d")


class Found(NamedTuple):
    """What a pattern found in a stretch, as in a run, and whether every line is a record."""

    texts: Iterable[Sequence[bytes]]
    offsets: Sequence[int]
    odd: dict[int, bytes]
    adjacent: bool
    fills_lines: bool
    ranks: Sequence[bytes | None] = ()


def even_lines(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> Found | None:
    """The records of a stretch in few pieces of even lines; None where there are none, or some name a rank and some do not."""
    start, stop = extent
    pieces = even.pieces(shape.whole, data, start, stop) if not any(map(_DIGIT.search, shape.literals)) else None
    parts = [piece for piece in pieces or () if piece.values]
    if pieces is None or len({part.is_tagged for part in parts}) != 1:
        return None
    rows, texts = sum(part.rows for part in parts), even.texts(parts, data)
    ranks = texts.pop(0) if parts[0].is_tagged else ()
    if len(parts) == len(pieces) and not any(part.lead for part in parts):
        return Found(texts, LineOffsets(data, base, start, stop, rows), {}, adjacent=rows > 1, fills_lines=True)
    offsets, odd, end = array("q"), {}, start - 1
    for part in parts:
        if part.begin > end + 1:
            odd[len(offsets)] = data[end : part.begin + part.lead]
        offsets.extend(range(base + part.begin + part.lead, base + part.end, part.width))
        end = part.end - 1
    if stop > end + 1:
        odd[rows] = data[end:stop]
    bare = [part for part in parts if not part.lead]
    adjacent = any(part.rows > 1 for part in bare) or any(before.end == part.begin for before, part in pairwise(bare))
    return Found(texts, offsets, odd, adjacent, fills_lines=False, ranks=ranks)


def filling(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> Found | None:
    """The records of a stretch in which every line is one; None when one is not."""
    start, stop = extent
    parts = shape.whole.split(memoryview(data)[start - 1 : stop])
    width = shape.whole.groups + 1
    rows = len(parts) // width
    if not rows or data[stop - 1] != NEWLINE or newlines(data[start:stop]) != rows:
        return None
    texts, gaps = [parts[group::width] for group in range(1, width)], parts[:-1:width]
    lines = LineOffsets(data, base, start, stop, rows)
    if gaps.count(b"\n") == rows:
        return Found(texts, lines, {}, adjacent=rows > 1, fills_lines=True)
    offsets = array("q", (begin + len(gap) - 1 for begin, gap in zip(lines.counted, gaps, strict=True)))
    return Found(texts, offsets, {}, adjacent=True, fills_lines=True, ranks=_ranks(shape, gaps))


def scattered(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> Found | None:
    """The records of a stretch among other things; None when there is none."""
    start, stop = extent
    matches = list(shape.pattern.finditer(data, start, stop))
    if not matches:
        return None
    begins = list(map(re.Match.start, matches))
    before = {data[at - 1] for at in begins[1:]}
    alone = before <= CLEAR and data[begins[0] - 1] in CLEAR and matches[-1].end() + 1 == stop and newlines(data[start:stop]) == len(begins)
    texts, offsets = zip(*[match.groups() for match in matches], strict=True), array("q", map(base.__add__, begins))
    if alone and data.find(b"=", start, stop) < 0:
        return Found(texts, offsets, {}, NEWLINE in before, fills_lines=before == {NEWLINE})
    ends = [start - 1, *map(re.Match.end, matches)]
    stops = [*begins, stop]
    gaps = [data[end:begin] for end, begin in zip(ends, stops, strict=True)] if shape.prefixes else []
    adjacent = NEWLINE in before and not {end + 1 for end in ends[1:]}.isdisjoint(begins)
    odd = _odd(data, ends, stops, _behind_others(shape, gaps) if gaps else range(len(stops)))
    return Found(texts, offsets, odd, adjacent, fills_lines=bool(gaps) and not odd, ranks=_ranks(shape, gaps[:-1]))


def _behind_others(shape: Quick, gaps: Sequence[bytes]) -> list[int]:
    """The gaps that are more than a known prefix."""
    quiet = {gap for gap in set(gaps) if gap[:1] == b"\n" and skeleton(gap[1:]) in shape.prefixes}
    return [row for row, gap in enumerate(gaps) if gap not in quiet]


def _ranks(shape: Quick, gaps: Sequence[bytes]) -> Sequence[bytes | None]:
    """The ranks that stand in the gaps before the records; nothing when none does."""
    known = {gap: tag_in(gap) for gap in set(gaps)} if shape.is_tagged else {}
    return [known[gap] for gap in gaps] if any(known.values()) else ()


def _odd(data: bytes, starts: list[int], stops: list[int], some: Iterable[int]) -> dict[int, bytes]:
    """Of some gaps `data[start:stop]`, those that may hold more than frames of a bar, by the row behind them."""
    find, last = data.find, len(stops) - 1
    valued = b"=" in data[starts[0] : stops[-1]]
    rows = [
        row
        for row in some
        if find(b"\n", starts[row] + 1, stops[row]) >= 0
        or data[stops[row] - 1] not in CLEAR
        or (valued and find(b"=", starts[row], stops[row]) >= 0)
    ]
    if stops[last] - starts[last] > 1 and rows[-1:] != [last]:
        rows.append(last)
    return {row: data[starts[row] : stops[row]] for row in rows}
