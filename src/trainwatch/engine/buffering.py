"""Output that its writer holds back: what is shown is then as old as the time between two blocks of it.

Python and C write to a file when a block is full: 8192 or 4096 bytes, less what did not fit any more. Where another stream goes to the
same file at once, the records still come many at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.inputs import Chunk
from trainwatch.present.clean import clean
from trainwatch.present.numbers import duration

BLOCK = 4096
LONGEST_LINE = 1024
"""A line longer than this says nothing about a block that ends before it, in bytes."""

ENOUGH = 3
"""Blocks in a row, or bursts of records, that are no accident."""

GAP = 5.0
"""Seconds between two blocks below which nobody minds."""

MANY = 5
"""Records that come at once."""


@dataclass(slots=True)
class _Pace:
    """When something came: last, how long after the one before, and how many times in a row it looked held back."""

    at: float = math.nan
    gap: float = 0.0
    times: int = 0

    def come(self, at: float, *, held: bool) -> None:
        """Something came; `held` says whether it looks held back."""
        gap = at - self.at
        if not math.isnan(gap):
            self.times = self.times + 1 if held and gap >= GAP else 0
            self.gap = gap
        self.at = at

    def age(self, now: float) -> float | None:
        """How old what is shown may be at `now`, in seconds; None when nothing is held back."""
        return max(self.gap, now - self.at) if self.times >= ENOUGH else None


class Buffering:
    """Watches how the bytes of each source, and the records in them, arrive."""

    def __init__(self) -> None:
        self._bytes: dict[str, _Pace] = {}
        self._records: dict[str, _Pace] = {}

    def arrive(self, chunk: Chunk, blocks: Sequence[Block]) -> None:
        """A chunk and the records read of it. Bytes that nobody saw arriving tell nothing; an end settles it."""
        if chunk.final:
            self._bytes.pop(chunk.source, None)
            self._records.pop(chunk.source, None)
        elif not math.isnan(chunk.seen_at) and chunk.data:
            self._bytes.setdefault(chunk.source, _Pace()).come(chunk.seen_at, held=_fills_blocks(chunk.data))
            count = sum(len(block) for block in blocks if block.kind == "train" and block.source == chunk.source)
            if count:
                self._records.setdefault(chunk.source, _Pace()).come(chunk.seen_at, held=count >= MANY)

    def caveats(self, now: float) -> Iterator[str]:
        """What to say of sources that are held back, `now` in Unix seconds."""
        for source, pace in self._bytes.items():
            ages = [age for one in (pace, self._records.get(source)) if one is not None and (age := one.age(now)) is not None]
            if ages:
                old = duration(max(ages))
                yield f"{clean(source)} is written in blocks: what you see is up to {old} old; fix: start the job with PYTHONUNBUFFERED=1"


def _fills_blocks(data: bytes) -> bool:
    """Whether bytes that came at once are whole blocks, or two of them less the line that did not fit."""
    if len(data) % BLOCK == 0:
        return True
    longest = max(map(len, data.split(b"\n"))) + 1
    missing = -len(data) % (2 * BLOCK)
    return longest <= LONGEST_LINE and missing <= longest * (len(data) // (2 * BLOCK) + 1)
