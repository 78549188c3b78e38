"""Records with colours in and around them: they are found in the text without colours, and have their places in the log as it came."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Container
from dataclasses import replace
from io import BytesIO
from itertools import accumulate

from trainwatch.formats.gaps import skeleton
from trainwatch.formats.run import Run
from trainwatch.formats.text import raw_position

_COLOUR = re.compile(rb"\x1b\[[\d;]*+m")


def uncoloured(data: bytes) -> bytes:
    """The same without colours."""
    return _COLOUR.sub(b"", data) if data else data


def coloured(run: Run, text: bytes, raw: bytes, at: int, prefixes: Container[bytes]) -> Run | None:
    """A run found in `text`, which is `raw` without colours, as one in the log, which has `raw` at byte `at` behind the base of the run.

    None where something stands before a record that is none of the `prefixes`: that may be what matters.
    """
    if not all(_is_known(gap, prefixes) for row, gap in run.odd.items() if row < len(run)):
        return None
    begins, raw_begins = _begins(text), _begins(raw)
    positions = [offset - run.base for offset in run.offsets]
    numbers = [bisect_right(begins, position) - 1 for position in positions]
    places: list[int] = []
    for number, position in zip(numbers, positions, strict=True):
        line, raw_line = text[begins[number] : begins[number + 1] - 1], raw[raw_begins[number] : raw_begins[number + 1] - 1]
        places.append(raw_begins[number] + _place(line, raw_line, position - begins[number]))
    ends = [0, *(raw_begins[number + 1] - 1 for number in numbers)]
    odd = {row: raw[ends[row] : places[row] if row < len(run) else len(raw)] for row in run.odd}
    return replace(run, offsets=array("q", map((run.base + at).__add__, places)), odd=odd)


def _begins(data: bytes) -> list[int]:
    """Where the lines begin, and where the last of them ends."""
    return list(accumulate(map(len, BytesIO(data).readlines()), initial=0))


def _place(line: bytes, raw: bytes, begin: int) -> int:
    """Where in its line as it came a record stands that begins at `begin` and ends with the line."""
    shown, raw_shown = line.rfind(b"\r") + 1, raw.rfind(b"\r") + 1
    return raw_shown + raw_position(raw[raw_shown:], line[shown:], begin - shown, len(line) - shown)


def _is_known(gap: bytes, prefixes: Container[bytes]) -> bool:
    """Whether nothing unknown stands right before a record."""
    prefix = gap[max(gap.rfind(b"\n"), gap.rfind(b"\r")) + 1 :]
    return not prefix or skeleton(prefix) in prefixes
