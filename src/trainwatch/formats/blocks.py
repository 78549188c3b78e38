"""The fast reader: learned patterns over a stretch of the log, and the reference reader for what they leave.

Between two matches there is a gap. A gap may be skipped unseen when it holds no newline, so only overwritten frames, and no `=`, so no
frame with values; everything else is read line by line. The records are those of the reference reader: only the time differs.
"""

from __future__ import annotations

import copy
from array import array
from collections import deque
from itertools import chain

from trainwatch.formats.gather import Gather
from trainwatch.formats.lines import Lines
from trainwatch.formats.places import SlicePlaces
from trainwatch.formats.shapes import MAX_LEARNED, Learned
from trainwatch.model.block import Block

_Row = tuple[int, int, tuple[bytes, ...]]
_Hit = tuple[int, int, tuple[bytes, ...], Learned]
IDLE = 8
"""A pattern that found nothing in so many stretches rests until its shape is seen again."""
_BEFORE = frozenset(b"\r\n]")


class Blocks:
    """Reads stretches of one source, with the patterns learned from its lines."""

    def __init__(self, lines: Lines, gather: Gather) -> None:
        self._lines, self._gather = lines, gather
        self._learned: dict[tuple[str, ...], Learned] = {}
        self._counts: dict[tuple[str, ...], int] = {}
        self._idle: dict[tuple[str, ...], int] = {}
        self._line = 1

    @property
    def line(self) -> int:
        """The number of the line that comes next."""
        return self._line

    def read(self, data: bytes, start: int, stop: int, base: int) -> None:
        """Read `data[start:stop]`, complete lines; `data[0]` is byte `base` of the source."""
        if start > 0 and self._learned and self._may_skip(data, start, stop):
            self._fast(data, start, stop, base)
        else:
            self._slow(data, start, stop, base)
        self._lines.steps.seen(data, start, stop)
        self._learn()

    def _may_skip(self, data: bytes, start: int, stop: int) -> bool:
        """Whether unseen frames could not change what is known of the bars."""
        steps = self._lines.steps
        if self._lines.in_history or steps.complete:
            return False
        return steps.total is not None or not (data.find(b"it/s]", start, stop) >= 0 or data.find(b"s/it]", start, stop) >= 0)

    def _slow(self, data: bytes, start: int, stop: int, base: int) -> None:
        """Line by line."""
        self._line = self._lines.read(data, start, stop, base, self._line)

    def _learn(self) -> None:
        """Make patterns of the shapes that came more than once."""
        for match in self._lines.matched:
            key = (match.record.format if match.record else "", *(match.parsed.names if match.parsed else ()))
            self._counts[key] = self._counts.get(key, 0) + 1
            if self._counts[key] < 2:
                continue
            learned = self._lines.shapes.learn(match)
            if learned is not None and learned.key not in self._learned and len(self._learned) < MAX_LEARNED:
                self._learned[learned.key] = learned
                self._idle[learned.key] = 0
            self._counts[key] = 0
        self._lines.matched.clear()
        if len(self._counts) > 1000:
            self._counts.clear()

    def _fast(self, data: bytes, start: int, stop: int, base: int) -> None:
        """Match by match; loud gaps line by line."""
        world = self._lines.world
        recent: deque[tuple[bytes, ...]] = deque(maxlen=world)
        may_repeat = self._lines.ranks.may_repeat
        wants_burst = self._lines.steps.wants_burst
        rows: list[_Row] = []
        current: Learned | None = None
        position = done = start
        find = data.find
        for begin, end, groups, learned in self._hits(data, start, stop):
            at = begin + learned.lead
            if at < position:
                continue
            quiet = at == position or (data[at - 1] in _BEFORE and find(b"\n", position, at) < 0 and find(b"=", position, at) < 0)
            loud = (
                not quiet
                or (at == position and wants_burst and not learned.stepped)
                or (world > 1 and (groups in recent or may_repeat((_kind(learned), *groups))))
            )
            if rows and (loud or learned is not current):
                self._rows(data, base, current, rows, start=done, stop=position)
                rows, done = [], position
            position = find(b"\n", end, stop) + 1 or stop
            if loud:
                self._slow(data, done, position, base)
                done, world, wants_burst = position, self._lines.world, self._lines.steps.wants_burst
                recent = deque(maxlen=world)
                continue
            current = learned
            recent.append(groups)
            rows.append((at, end, groups))
        self._rows(data, base, current, rows, start=done, stop=position)
        self._slow(data, position, stop, base)

    def _hits(self, data: bytes, start: int, stop: int) -> list[_Hit]:
        """What the patterns find, in order."""
        several: list[list[_Hit]] = []
        for key, learned in list(self._learned.items()):
            lead = learned.lead
            found = [(*m.span(), m.groups(), learned) for m in learned.pattern.finditer(data, start - lead, stop)]
            self._idle[key] = 0 if found else self._idle[key] + 1
            if found:
                several.append(found)
            elif self._idle[key] > IDLE:
                del self._learned[key]
        return several[0] if len(several) == 1 else sorted(chain.from_iterable(several), key=_place)

    def _rows(self, data: bytes, base: int, learned: Learned | None, rows: list[_Row], *, start: int, stop: int) -> None:
        """Rows of one shape, all that `data[start:stop]` holds, become a block.

        A row that is no number after all sends the stretch to the reference reader.
        """
        if not rows or learned is None:
            self._line += data.count(b"\n", start, stop)
            return
        try:
            columns = _columns(learned, rows)
        except ValueError:
            self._slow(data, start, stop, base)
            return
        kind = learned.plan.kind or "info"
        self._lines.configure_steps()
        offsets, ends = array("q", [base + row[0] for row in rows]), array("q", [base + row[1] for row in rows])
        places = SlicePlaces(data, base, start, self._line, offsets, ends, columns.get("epoch"), copy.copy(self._lines.steps), kind)
        derived = () if "step" in columns else ("step",)
        gather = self._gather
        block = Block(kind, gather.source, gather.attempt, learned.format, columns, offsets, places, (), derived, gather.seen_at)
        self._line += data.count(b"\n", start, stop)
        world = self._lines.world
        self._lines.accept(block, [(_kind(learned), *row[2]) for row in rows[-world:]] if world > 1 else ())


def _kind(learned: Learned) -> bytes:
    """The kind of record a pattern reads, as it stands before the values of a printed record."""
    return (learned.plan.kind or "info").encode()


def _place(hit: _Hit) -> int:
    """Where the record of a hit begins."""
    return hit[0] + hit[3].lead


def _columns(learned: Learned, rows: list[_Row]) -> dict[str, array[float]]:
    """The values of the rows, under our names and in SI. Raises ValueError when one is not spelt as `float` takes it."""
    raw = list(zip(*(row[2] for row in rows), strict=True))
    columns: dict[str, array[float]] = {}
    for slot in learned.plan.slots:
        values = map(float, raw[slot.index])
        columns[slot.name] = array("d", values if slot.factor == 1.0 else [v * slot.factor for v in values])
    return columns
