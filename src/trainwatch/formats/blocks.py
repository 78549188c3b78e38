"""The fast reader: learned patterns over a stretch of the log, and the reference reader for what they leave.

A stretch that holds records of one shape and little else is read as a whole; another by all patterns together. What stands between two
records may be skipped unseen when it is nothing but frames of a bar without values; everything else is read line by line. The records
are those of the reference reader: only the time differs.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

from trainwatch.formats.ahead import Ahead, Cells
from trainwatch.formats.columns import columns as columns_of
from trainwatch.formats.gaps import NEWLINE, Known
from trainwatch.formats.gather import Gather
from trainwatch.formats.lines import RETURN, Lines
from trainwatch.formats.matches import Looking, Matches, Span, Values
from trainwatch.formats.numbers import number
from trainwatch.formats.places import SlicePlaces
from trainwatch.formats.ranks import Printed
from trainwatch.formats.run import Run
from trainwatch.formats.shapes import MAX_LEARNED, Learned, Match
from trainwatch.formats.steps import meet
from trainwatch.formats.text import clean
from trainwatch.formats.zeros import NAME, printed_zero
from trainwatch.model.block import Block

REST = 8
"""So many stretches are not tried as one shape after one that was several."""
MAX_SEEN = 1000
"""So many shapes are remembered; a log that keeps inventing names starts over."""
STRETCH = 1 << 18
"""Bytes read in one go: few stretches cost little, and one stays in the processor's cache with what is made of it."""
STEADY = 4
"""So many stretches of one shape let expect more."""
IDLE = 2
"""A pattern that found nothing in so many stretches rests until its shape is seen again."""


Extents = tuple[Sequence[int], "array[int] | None"]
"""Where records begin, and where they end if not with their lines."""


class Blocks:
    """Reads stretches of one source, with the patterns learned from its lines."""

    def __init__(self, lines: Lines, gather: Gather) -> None:
        self._lines, self._gather = lines, gather
        self._learned: dict[tuple[str, ...], Learned] = {}
        self._seen: dict[tuple[object, ...], Match | Learned] = {}
        self._idle: dict[tuple[str, ...], int] = {}
        self._main: Learned | None = None
        self._rest = 0
        self._line = 1
        self._steady = 0
        self.ahead: Ahead | None = None

    @property
    def line(self) -> int:
        """The number of the line that comes next."""
        return self._line

    @property
    def stretch(self) -> int:
        """How many bytes to read in one go, 0 before there are patterns to read with."""
        return 0 if self._main is None else STRETCH

    @property
    def cells(self) -> Cells | None:
        """How another process may find runs ahead; None before stretches hold one shape, and where ranks are told apart."""
        main = self._main
        if main is None or main.finder is None or self._steady < STEADY or self._lines.world > 1 or self._lines.tagged:
            return None
        return Cells(main.finder, STRETCH, main.finder.prefixes)

    def read(self, data: bytes, start: int, stop: int, base: int) -> None:
        """Read `data[start:stop]`, complete lines; `data[0]` is byte `base` of the source."""
        self._lines.steps.base = base
        whole, done = _whole(data, start, stop), start
        if 0 < start < whole and self._learned and self._may_skip(data, start, whole):
            self._fast(data, start, whole, base)
            done = whole
        if done < stop:
            self._slow(data, done, stop, base)
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
            if match.record is None or match.parsed is None:
                continue
            key = (match.record.format, match.parsed.names, match.parsed.quoted)
            seen = self._seen.get(key)
            if len(self._seen) > MAX_SEEN:
                self._seen.clear()
            if not isinstance(seen, Learned):
                seen = self._seen[key] = (self._lines.shapes.learn(match) if seen else None) or match
            if isinstance(seen, Learned) and seen.key not in self._learned and len(self._learned) < MAX_LEARNED:
                self._learned[seen.key] = seen
                self._idle[seen.key] = 0
                self._main = self._main or seen
        self._lines.matched.clear()

    def _fast(self, data: bytes, start: int, stop: int, base: int) -> None:
        """As one shape with few exceptions, else as several."""
        self._rest -= 1
        wanted = self._lines.steps.wants_burst
        if self._rest < 0 and self._one_shape(data, start, stop, base):
            self._steady += 1
            return
        self._several(data, start, stop, base)
        if wanted and not self._lines.steps.wants_burst:
            self._rest = 0

    def _one_shape(self, data: bytes, start: int, stop: int, base: int) -> bool:
        """Read a stretch that holds records of one shape and little else; False, and nothing is done, when it holds much else."""
        main = self._main
        run = self._found(main, data, start, stop, base)
        if main is None or run is None:
            return False
        loud = list(run.loud(data, stop, self._known(run)))
        if len(loud) > 2 + len(run) // 8 or self._is_involved(main, run, (data, start, stop), exceptions=bool(loud)):
            self._rest = REST
            return False
        position, first = start, 0
        burst = self._lines.steps.wants_burst
        for begin, end, row in loud:
            self._run(main, run.rows(first, row), _Part(data, base, position, begin))
            self._slow(data, begin, end, base)
            position, first = end, row + (row < len(run) and end + base > run.offsets[row])
            if (self._lines.world > 1 and not run.ranks) or (self._lines.steps.wants_burst and not burst and not main.stepped):
                self._several(data, position, stop, base)
                return True
        self._run(main, run.rows(first, len(run)), _Part(data, base, position, stop))
        return True

    def _found(self, main: Learned | None, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The run of the main shape in a stretch: found ahead, else found now."""
        if main is None or main.finder is None:
            return None
        main.finder.admit(self._lines.prefixes | self._lines.tagged)
        ahead, run = self.ahead, None
        if ahead is not None and ahead.cells.finder is main.finder and self._lines.world <= 1:
            run = ahead.run(data, start, stop, base)
        return run or main.finder.find(data, start, stop, base)

    def _is_involved(self, main: Learned, run: Run, stretch: tuple[bytes, int, int], *, exceptions: bool) -> bool:
        """Whether records may be copies of another rank's, or will tell the steps per epoch: then each is looked at."""
        if self._lines.steps.wants_burst and not main.stepped and (run.adjacent or meet(*stretch)):
            return True
        if run.ranks:
            return None in run.ranks or not main.stepped
        world = self._lines.world
        if world <= 1:
            return False
        if exceptions or not run.is_whole or not run.is_distinct:
            return True
        return any(self._lines.ranks.may_repeat((main.kind, *row)) for row in run.printed(0, world))

    def _run(self, learned: Learned, run: Run, part: _Part) -> None:
        """Rows of a run, all that a part holds, become a block."""
        world = self._lines.world
        if len(run) and run.ranks:
            kept = self._first_printed(learned, run.printed(0, None), run.ranks)
            if any(kept):
                self._block(learned, *_kept(run.columns, (run.offsets, None), kept), (), part)
        elif len(run):
            printed = [(learned.kind, *row) for row in run.printed(-world, None)] if world > 1 else []
            self._block(learned, run.columns, (run.offsets, None), printed, part)
        self._line += run.lines(part.data, part.start, part.stop) if len(run) else part.lines()

    def _several(self, data: bytes, start: int, stop: int, base: int) -> None:
        """Runs of matches become blocks; loud gaps are read line by line. What another rank has printed already is left out."""
        looking = Looking(self._lines)
        run = Matches()
        position = done = start
        for (begin, end), values, learned in zip(*self._hits(data, start, stop), strict=True):
            at = begin + learned.lead
            if at < position:
                self._rows(run, _Part(data, base, done, position))
                run, done = Matches(), position
                continue
            loud, rank = looking.at(data, position, (at, end), learned, values)
            if loud or not run.takes(learned, rank):
                self._rows(run, _Part(data, base, done, position))
                run, done = Matches(learned), position
            position = end + 1 if end < stop and data[end] == NEWLINE else data.find(b"\n", end, stop) + 1 or stop
            if loud:
                self._slow(data, done, position, base)
                run, done, looking = Matches(), position, Looking(self._lines)
            else:
                run.add((begin, end), values, rank)
        self._rows(run, _Part(data, base, done, position))
        self._slow(data, position, stop, base)

    def _known(self, run: Run) -> Known:
        """What may be skipped unseen beside a run; the prefixes that name ranks where those of its records do."""
        lines = self._lines
        return Known(lines.steps.total is not None, lines.prefixes | lines.tagged if run.ranks else lines.prefixes)

    def _hits(self, data: bytes, start: int, stop: int) -> tuple[list[Span], list[Values], list[Learned]]:
        """What the patterns find, in order: where, the values, and whose it is."""
        several: list[tuple[list[Span], list[Values], list[Learned]]] = []
        for key, learned in list(self._learned.items()):
            matches = list(learned.pattern.finditer(data, start - learned.lead, stop))
            self._idle[key] = 0 if matches else self._idle[key] + 1
            if matches:
                several.append(([m.span() for m in matches], [m.groups() for m in matches], [learned] * len(matches)))
            elif self._idle[key] > IDLE:
                del self._learned[key]
        if several:
            main = max(several, key=lambda hits: len(hits[0]))[2][0]
            self._main, self._steady = main, self._steady if main is self._main else 0
        if len(several) == 1:
            return several[0]
        rows = sorted((row for hits in several for row in zip(*hits, strict=True)), key=lambda row: row[0][0] + row[2].lead)
        return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]

    def _rows(self, run: Matches, part: _Part) -> None:
        """Rows of one shape, all that a part holds, become a block.

        A row that is no number after all sends the part to the reference reader.
        """
        learned, values = run.learned, run.values
        if not values or learned is None:
            self._line += part.lines()
            return
        try:
            columns = columns_of(learned.plan, dict(enumerate(zip(*values, strict=True))), _number)
        except ValueError:
            self._slow(part.data, part.start, part.stop, part.base)
            return
        shift = part.base + learned.lead
        extents: Extents = array("q", [at + shift for at, _ in run.spans]), array("q", [end + part.base for _, end in run.spans])
        printed = []
        if run.is_tagged:
            columns, extents = _kept(columns, extents, self._first_printed(learned, values, run.ranks))
        elif self._lines.world > 1:
            printed = [(learned.kind, *row) for row in values[-self._lines.world :]]
        if extents[0]:
            self._block(learned, columns, extents, printed, part)
        self._line += part.lines()

    def _first_printed(self, learned: Learned, values: Sequence[Sequence[bytes]], ranks: Sequence[bytes | None]) -> list[bool]:
        """Which records no other rank has printed already."""
        kind = learned.kind
        return self._lines.ranks.first_printed([(kind, *row) for row in values], [rank or b"" for rank in ranks])

    def _block(
        self,
        learned: Learned,
        columns: dict[str, array[float]],
        extents: Extents,
        printed: Sequence[Printed],
        part: _Part,
    ) -> None:
        """Hand over a block, all that a part holds; `extents` are begins and ends, `printed` the last rows where ranks may copy them."""
        kind = learned.plan.kind or "info"
        self._lines.configure_steps()
        epochs, steps = columns.get("epoch"), self._lines.steps.copy()
        printed_step = learned.step if learned.stepped and "step" not in columns else None
        places = SlicePlaces(part.data, part.base, part.start, self._line, *extents, epochs, steps, kind, printed_step)
        derived = () if learned.stepped else ("step",)
        gather = self._gather
        zero = _zero(columns.get(NAME), part.data, extents[0], part.base)
        block = Block(kind, gather.source, gather.attempt, learned.format, columns, extents[0], places, (), derived, gather.seen_at, zero)
        self._lines.accept(block, printed)


@dataclass(frozen=True, slots=True)
class _Part:
    """`data[start:stop]`, where `data[0]` is byte `base` of the source."""

    data: bytes
    base: int
    start: int
    stop: int

    def lines(self) -> int:
        """How many lines end in it."""
        return self.data.count(b"\n", self.start, self.stop)


def _whole(data: bytes, start: int, stop: int) -> int:
    """Where the lines of `data[start:stop]` end that nothing which is still to come can take away: a carriage return may."""
    if data[stop - 1] == RETURN and stop < len(data):
        return max(start, data.rfind(b"\n", start, stop) + 1)
    return stop


def _zero(rates: array[float] | None, data: bytes, offsets: Sequence[int], base: int) -> str:
    """How the first rate of zero is printed, in its own line."""
    if rates is None or 0.0 not in rates:
        return ""
    at = offsets[rates.index(0.0)] - base
    end = data.find(b"\n", at)
    return printed_zero(clean(data[at : end if end >= 0 else len(data)]))


def _kept(columns: dict[str, array[float]], extents: Extents, kept: Sequence[bool]) -> tuple[dict[str, array[float]], Extents]:
    """Some of the rows."""
    if all(kept):
        return columns, extents
    begins, ends = extents
    some = {name: array("d", compress(column, kept)) for name, column in columns.items()}
    return some, (array("q", compress(begins, kept)), None if ends is None else array("q", compress(ends, kept)))


def _number(text: bytes) -> float:
    """A number in any spelling. Raises ValueError for anything else."""
    value = number(text)
    if value is None:
        raise ValueError(text)
    return value
