"""Bytes of one source become blocks of records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from trainwatch.formats.ahead import Ahead, Cells
from trainwatch.formats.bars import frames
from trainwatch.formats.blocks import STRETCH, Blocks
from trainwatch.formats.catalog import choose
from trainwatch.formats.gather import Gather
from trainwatch.formats.lines import RETURN, Lines
from trainwatch.formats.schema import Format
from trainwatch.formats.shapes import Shapes
from trainwatch.formats.span import Stamps
from trainwatch.formats.steps import CONTEXT, Steps, follows, hold
from trainwatch.formats.text import Decoder
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.model.span import Span

FIRST = 1 << 11
"""Bytes read in one go before the first pattern is learned."""

MAX_UNFINISHED = 1 << 23
"""A line longer than this is left out, in bytes."""

FRAMES = 1 << 12
"""Bytes of a line that is still drawn over, in which the newest frame of a bar is looked for."""


class Reader:
    """Reads one source of one attempt, from its first byte on.

    `facts` receives the configuration found and is asked for what the log does not say. `names` restricts the formats, by name or path of a
    file; UsageError or NotFoundError for one that does not exist, DataFileError for a format file with mistakes; `formats` are used alone instead. With `only`, blocks may
    come without the columns of other names, whose values then need only look like numbers. Content never raises.
    """

    def __init__(
        self,
        source: str,
        *,
        facts: Facts,
        attempt: int = 1,
        names: Sequence[str] | None = None,
        formats: Sequence[Format] | None = None,
        only: AbstractSet[str] = frozenset(),
    ) -> None:
        chosen, readers = choose(names) if formats is None else (formats, frozenset[str]())
        self.formats = chosen
        self._gather = Gather(source, attempt)
        self._steps = Steps()
        self._lines = Lines(Shapes(chosen, only), readers, facts, self._gather, self._steps)
        self._blocks = Blocks(self._lines, self._gather)
        self._decoder = Decoder()
        self._stamps = Stamps()
        self._facts = facts
        self._parts: list[bytes] = []
        self._waiting = 0
        self._buffer = b""
        self._done = 0
        self._base = self._first = 0
        self._skipping = False

    @property
    def attempt(self) -> int:
        """The attempt whose source is read."""
        return self._gather.attempt

    @property
    def cells(self) -> Cells | None:
        """How another process may find records ahead; None where that would be of no use."""
        return self._blocks.cells

    @property
    def ahead(self) -> Ahead | None:
        """What another process has found in what comes next."""
        return self._blocks.ahead

    def use(self, ahead: Ahead | None) -> None:
        """Take from now on what was found ahead. Records may then wait until a cell is there whole."""
        self._blocks.ahead = ahead

    @property
    def detected(self) -> tuple[str, ...]:
        """The formats that gave records, in the order first seen."""
        return tuple(self._lines.detected)

    @property
    def progress(self) -> tuple[int, int | None] | None:
        """(step, total) of the newest record or train bar."""
        return self._lines.progress

    @property
    def bar(self) -> tuple[int, int, float] | None:
        """(counter, total, elapsed seconds) of the newest frame of what is taken for the train bar; None without one."""
        rest = b"".join([self._buffer[self._done :], *self._parts])
        return self._lines.steps.shown(rest[-FRAMES:])

    @property
    def span(self) -> Span:
        """When the log was written, by its timestamps or its train bar."""
        return self._stamps.span(self._lines.elapsed)

    def again(self, data: bytes, offset: int) -> tuple[bytes, int]:
        """The newest bytes of the source, from byte `offset` of it on, as they are read: (text, its place among the offsets of records)."""
        text = self._decoder.again(data, offset)
        return (data, offset) if text is None else (text, self._base + self._done + self._waiting - len(text))

    @property
    def lines(self) -> int:
        """How many lines were completed."""
        return self._blocks.line - 1

    def feed(self, data: bytes, offset: int, *, final: bool = False, seen_at: float = math.nan) -> list[Block]:
        """The next bytes of the source; returns the records they complete, in file order.

        `offset` is the position of `data[0]`; pieces follow one another without gap or overlap, and the first may begin anywhere.
        A record without a step, in a log with bars, waits for the frame behind it. `final` says that no more will come.
        """
        self._gather.seen_at = seen_at
        if final:
            self.use(None)
        if not self._buffer and not self._parts and self._base == 0 and offset > 0:
            self._base = self._first = offset
        text = self._decoder.decode(data, final=final)
        self._stamps.feed(text)
        self._parts.append(text)
        self._waiting += len(text)
        if final or b"\n" in text or b"\r" in text or self._waiting > MAX_UNFINISHED:
            self._advance(final=final)
        if final:
            self._lines.finish()
        blocks = self._gather.take()
        for block in blocks:
            if block.kind in ("train", "eval"):
                self._stamps.record(block.offsets[0] - self._first, block.offsets[-1] - self._first)
        return blocks

    def _advance(self, *, final: bool) -> None:
        """Read all that is complete."""
        self._forget()
        data = b"".join([self._buffer, *self._parts])
        self._parts.clear()
        start = self._leave_out(data, self._done)
        cut = len(data) if final else _complete(data, start)
        if cut > start:
            held = cut if final else max(start, hold(data, cut))
            start = self._stretches(data, start, held)
            if start == held < cut and not self._steps.is_running and not frames(data[held:cut]):
                start = self._stretches(data, start, cut)
        self._buffer, self._done = data, start
        self._waiting = len(data) - start
        if self._waiting > MAX_UNFINISHED:
            self._skipping = True
            self._done, self._waiting = len(data), 0
        if len(data) - self._done < len(data) // 2 or len(data) > STRETCH:
            self._forget()

    def _forget(self) -> None:
        """Let go of what is done with."""
        keep = max(0, self._done - CONTEXT)
        if keep:
            self._steps.begun = follows(self._buffer, self._done)
            self._base += keep
            self._buffer, self._done = self._buffer[keep:], self._done - keep

    def _leave_out(self, data: bytes, start: int) -> int:
        """The end of a line that is too long; the same place wherever the chunks were cut."""
        if not self._skipping:
            return start
        end = data.find(b"\n", start)
        if end < 0:
            return len(data)
        self._skipping = False
        return end

    def _stretches(self, data: bytes, start: int, stop: int) -> int:
        """Read `data[start:stop]` in pieces that end with a line; returns where the first one begins that has to wait."""
        while start < stop:
            end = self._end(data, start, stop)
            if end == start:
                break
            self._blocks.read(data, start, end, self._base)
            start = end
        return start

    def _end(self, data: bytes, start: int, stop: int) -> int:
        """Where the stretch ends that begins at `start`: behind the last line in its cell where records are found ahead."""
        ahead = self.ahead
        if ahead is not None:
            edge = ahead.cells.end(self._base + start) - self._base
            line = data.rfind(b"\n", start, edge) + 1
            if line and self._base + edge <= ahead.stop:
                return line if line <= stop and edge <= len(data) else start
        return _piece(data, start, stop, self._blocks.stretch or FIRST)


def _complete(data: bytes, start: int) -> int:
    """The end of the last complete line, or of an overwritten part of one, in `data[start:]`; 0 when there is none.

    Bars behind the last line of much data can wait for what follows: read together with it, they cost nothing. A carriage return at the
    very end is not the end of a part yet: a newline may follow.
    """
    line = data.rfind(b"\n", start) + 1
    if line and len(data) - start >= STRETCH // 2:
        return line
    end = len(data)
    while end > start and data[end - 1] == RETURN:
        end -= 1
    return max(line, data.rfind(b"\r", max(start, line), end) + 1)


def _piece(data: bytes, start: int, stop: int, size: int) -> int:
    """Where to end a stretch of `data[start:stop]`: behind a line, else behind an overwritten part, else at the end."""
    end = start + size
    if end + size // 2 >= stop:
        return stop
    line = data.rfind(b"\n", start, end) + 1
    part = line or data.rfind(b"\r", start, end - 1) + 1
    while 0 < part < stop and data[part] in b"\r\n":
        part += 1
    return part or data.find(b"\n", end, stop) + 1 or stop
