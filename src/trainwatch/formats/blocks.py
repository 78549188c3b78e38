"""The fast reader: learned patterns over a stretch of the log, and the reference reader for what they leave.

Between two matches there is a gap. A gap may be skipped unseen when it holds no newline, so only overwritten frames, and no `=`, so no
frame with values; everything else is read line by line. The records are those of the reference reader: only the time differs.
"""

from __future__ import annotations

import copy
from array import array
from collections import deque

from trainwatch.formats.gather import Gather
from trainwatch.formats.lines import Lines
from trainwatch.formats.numbers import number
from trainwatch.formats.places import SlicePlaces
from trainwatch.formats.ranks import Ranks
from trainwatch.formats.shapes import MAX_LEARNED, Learned
from trainwatch.model.block import Block

_Span = tuple[int, int]
_Values = tuple[bytes, ...]
NEWLINE = 10
IDLE = 2
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
        self._lines.follow_bar()
        self._learn()

    def _may_skip(self, data: bytes, start: int, stop: int) -> bool:
        """Whether unseen frames could not change what is known of the bars."""
        steps = self._lines.steps
        if self._lines.in_history or steps.completes(data, start, stop):
            return False
        return steps.total is not None or data.find(b"\r", start - 1, stop) < 0 or data.find(b"%|", start, stop) < 0

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
        """Runs of matches become blocks; loud gaps are read line by line."""
        spans, groups, owners = self._hits(data, start, stop)
        copies, burst = self._copies(), self._lines.steps.wants_burst
        find = data.find
        current: Learned | None = None
        position = done = start
        first = 0
        for index, (begin, end) in enumerate(spans):
            learned = owners[index]
            at = begin + learned.lead
            if at < position:
                self._rows(data, base, current, spans[first:index], groups[first:index], start=done, stop=position)
                first, done = index + 1, position
                continue
            if at == position:
                loud = burst and not learned.stepped
            else:
                loud = data[at - 1] not in _BEFORE or find(b"\n", position, at) >= 0 or find(b"=", position, at) >= 0
            loud = loud or (copies is not None and copies.may_be(_kind(learned), groups[index]))
            if loud or learned is not current:
                self._rows(data, base, current, spans[first:index], groups[first:index], start=done, stop=position)
                first, done, current = index, position, learned
            position = end + 1 if end < stop and data[end] == NEWLINE else find(b"\n", end, stop) + 1 or stop
            if loud:
                self._slow(data, done, position, base)
                first, done = index + 1, position
                copies, burst = self._copies(), self._lines.steps.wants_burst
        self._rows(data, base, current, spans[first:], groups[first:], start=done, stop=position)
        self._slow(data, position, stop, base)

    def _copies(self) -> _Copies | None:
        """What recognises records that another rank may have printed already; None when one rank prints."""
        return _Copies(self._lines.ranks, self._lines.world) if self._lines.world > 1 else None

    def _hits(self, data: bytes, start: int, stop: int) -> tuple[list[_Span], list[_Values], list[Learned]]:
        """What the patterns find, in order: where, the values, and whose it is."""
        several: list[tuple[list[_Span], list[_Values], list[Learned]]] = []
        for key, learned in list(self._learned.items()):
            matches = list(learned.pattern.finditer(data, start - learned.lead, stop))
            self._idle[key] = 0 if matches else self._idle[key] + 1
            if matches:
                several.append(([m.span() for m in matches], [m.groups() for m in matches], [learned] * len(matches)))
            elif self._idle[key] > IDLE:
                del self._learned[key]
        if len(several) == 1:
            return several[0]
        rows = sorted((row for hits in several for row in zip(*hits, strict=True)), key=lambda row: row[0][0] + row[2].lead)
        return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]

    def _rows(
        self, data: bytes, base: int, learned: Learned | None, spans: list[_Span], values: list[_Values], *, start: int, stop: int
    ) -> None:
        """Rows of one shape, all that `data[start:stop]` holds, become a block.

        A row that is no number after all sends the stretch to the reference reader.
        """
        if not spans or learned is None:
            self._line += data.count(b"\n", start, stop)
            return
        try:
            columns = _columns(learned, values)
        except ValueError:
            self._slow(data, start, stop, base)
            return
        kind = learned.plan.kind or "info"
        self._lines.configure_steps()
        shift = base + learned.lead
        offsets, ends = array("q", [at + shift for at, _ in spans]), array("q", [end + base for _, end in spans])
        places = SlicePlaces(data, base, start, self._line, offsets, ends, columns.get("epoch"), copy.copy(self._lines.steps), kind)
        derived = () if "step" in columns else ("step",)
        gather = self._gather
        block = Block(kind, gather.source, gather.attempt, learned.format, columns, offsets, places, (), derived, gather.seen_at)
        self._line += len(spans) - (data[stop - 1] != NEWLINE)
        world = self._lines.world
        self._lines.accept(block, [(_kind(learned), *row) for row in values[-world:]] if world > 1 else ())


class _Copies:
    """Recognises what was printed before, among the newest records and those of the run of matches under way."""

    def __init__(self, ranks: Ranks, world: int) -> None:
        self._ranks = ranks
        self._recent: deque[_Values] = deque(maxlen=world)

    def may_be(self, kind: bytes, values: _Values) -> bool:
        """Whether these values were printed of late; remembers them if not."""
        if values in self._recent or self._ranks.may_repeat((kind, *values)):
            return True
        self._recent.append(values)
        return False


def _kind(learned: Learned) -> bytes:
    """The kind of record a pattern reads, as it stands before the values of a printed record."""
    return (learned.plan.kind or "info").encode()


def _columns(learned: Learned, values: list[_Values]) -> dict[str, array[float]]:
    """The values of the rows, under our names and in SI. Raises ValueError when one is not spelt as `float` takes it.

    Two names for one value share a column.
    """
    raw = list(zip(*values, strict=True))
    made: dict[tuple[int, float], array[float]] = {}
    columns: dict[str, array[float]] = {}
    for slot in learned.plan.slots:
        key = slot.index, slot.factor
        if key not in made:
            made[key] = _numbers(raw[slot.index], slot.factor)
        columns[slot.name] = made[key]
    return columns


def _numbers(texts: _Values, factor: float) -> array[float]:
    """Texts as numbers, times a factor. Configuration is printed again and again: what does not change is converted once."""
    first = texts[0]
    if first == texts[-1] and texts.count(first) == len(texts):
        return array("d", [_number(first) * factor]) * len(texts)
    try:
        numbers = array("d", map(float, texts))
    except ValueError:
        numbers = array("d", map(_number, texts))
    return numbers if factor == 1.0 else array("d", [value * factor for value in numbers])


def _number(text: bytes) -> float:
    """A number in any spelling. Raises ValueError for anything else."""
    value = number(text)
    if value is None:
        raise ValueError(text)
    return value
