"""The reference reader: a stretch of the log, line by line, through everything that can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from trainwatch.formats import bars, torn, zeros
from trainwatch.formats.configuration import Configuration
from trainwatch.formats.gaps import skeleton
from trainwatch.formats.gather import Gather
from trainwatch.formats.generic import Generic
from trainwatch.formats.grids import Grids
from trainwatch.formats.history import History
from trainwatch.formats.listing import Listing
from trainwatch.formats.objects import OPENED, Objects
from trainwatch.formats.ranks import Printed, Ranks, tag
from trainwatch.formats.record import Record, separate
from trainwatch.formats.shapes import Match, Shapes
from trainwatch.formats.steps import MOST, Steps
from trainwatch.formats.tables import Tables
from trainwatch.formats.text import clean, raw_position
from trainwatch.model.block import Block, Kind
from trainwatch.model.facts import Facts

RETURN = 13
MAX_PREFIXES = 64
"""So many texts before records are remembered."""

MAX_LINE = 1 << 16
"""Longer lines hold no record except JSON, in bytes."""

_CHECKPOINT_STEP = re.compile(r"(?:checkpoint|ckpt|step|iter)[-_=]?0*(\d{1,12})(?!.*(?:checkpoint|ckpt|step|iter)[-_=]?\d)")

_OWN_STEPS = frozenset({"trainer_state", "json", "generic", "bars", "tables", "grids", "listing"})
"""Readers whose records have a step of their own or none."""

_SILENT = frozenset({"trainer_state", "bars", "tables", "grids", "listing"})
"""Readers that say nothing of the lines beside what they read."""

RARE = 20
"""So many records of no format to one of a format, and the format is not that of the log."""

SHORTEST = 3
"""Shorter lines hold no record, in bytes: `a=1` and `1,2` are the least."""

NAMED = 5
"""Shorter lines hold no name of a loss and a number, in bytes: `nll=1` is the least."""

MAX_GRID = 1 << 10
"""Longer lines are no rows of a grid, in bytes."""

UP = b"\x1b[A"
OWN = b"[trainwatch]"
"""Lines that trainwatch itself wrote into a job's log."""


class Lines:
    """Reads the lines of one source in order. What it knows is decided by the lines so far, not by how they arrived."""

    def __init__(self, shapes: Shapes, readers: frozenset[str], facts: Facts, gather: Gather, steps: Steps) -> None:
        source = gather.source
        self.shapes = shapes
        self.steps = steps
        self.ranks = Ranks()
        self.progress: tuple[int, int | None] | None = None
        self.elapsed = 0.0
        self.matched: list[Match] = []
        self.detected: dict[str, None] = {}
        self._facts, self._gather = facts, gather
        self._objects = Objects(facts, source) if "json" in readers else None
        self._history = History(facts, source) if "history" in readers else None
        self._generic = Generic() if "generic" in readers else None
        self._tables = Tables() if "tables" in readers else None
        self._grids = Grids() if "grids" in readers else None
        self._listing = Listing() if "listing" in readers else None
        self._postfix = "bars" in readers
        self._configuration = Configuration(facts, source)
        self._pending: tuple[tuple[bytes, int, int], list[Record], int, int] | None = None
        self._evaluated: dict[str, float] = {}
        self._shaped = False
        self._emitted: tuple[bytes, int, int] | None = None
        self._told = self._guessed = 0
        self._recorded: float | None = None
        self._unproven: tuple[int, int | None] | None = None
        self.in_history = False
        self.prefixes: set[bytes] = set()
        self.tagged: set[bytes] = set()

    @property
    def _specific(self) -> bool:
        """Whether the log is known to be of a format, and no line of it is read by its structure alone.

        A log whose lines are mostly of no format, but for a few that look like one, is not.
        """
        return self._told * RARE > self._guessed

    @property
    def world(self) -> int:
        """How many ranks may print, as far as known; at least 1."""
        return int(min(max(self._facts.said("world_size") or 1, 1), 4096))

    def read(self, data: bytes, start: int, stop: int, base: int, line_number: int) -> int:
        """Read the lines of `data[start:stop]`, which begins with `line_number`; returns the number of the line behind them.

        A carriage return at the end means that what stands behind it is still to come, unless the source ends with it.
        """
        while start < stop:
            end = data.find(b"\n", start, stop)
            if end < 0 and data[stop - 1] == RETURN and stop < len(data):
                self._overwritten(data, start, stop, base, line_number)
                break
            self._line(data, start, end if end >= 0 else stop, base, line_number)
            if end < 0:
                break
            start, line_number = end + 1, line_number + 1
        return line_number

    def finish(self) -> None:
        """The source has ended: the last frame of a bar is final, and so is what was collected."""
        self._flush()
        for record in self._listing.finish() if self._listing is not None else ():
            self._emit(record, record.start, record.line)

    def accept(self, block: Block, printed: Sequence[Printed]) -> None:
        """A block that was read without this reader, with its last records as printed: what is known of the run follows from it."""
        self._flush()
        self._follow(block.format, block.kind, len(block))
        self._gather.block(block)
        epochs = block.columns.get("epoch")
        if block.kind == "train" and "step" in block.derived:
            self.steps.train(epochs[-1] if epochs else None)
        for row, text in enumerate(printed, len(block) - len(printed)):
            self.ranks.note(text, block.step(row), self.world)
        step = block.step(len(block) - 1)
        if block.kind in ("train", "eval"):
            self._recorded = None if step is None else float(step)
        if step is not None and block.kind in ("train", "info"):
            self.progress = (step, self._total())
            self.steps.recorded = float(step)

    def follow_bar(self) -> None:
        """The train bar may have gone on in frames that nobody looked at."""
        newest = self.steps.newest
        if newest is not None and self.steps.total is not None and self._is_training():
            self.elapsed = max(self.elapsed, newest[1])
            if self.progress is None or newest[0] > self.progress[0]:
                self.progress = self._unproven = (newest[0], self.steps.total)

    def _is_training(self) -> bool:
        """Whether the train bar counts training, as far as one can tell: a bar that came to its end without a record counted something else."""
        steps = self.steps
        return not steps.complete or steps.is_live or steps.per_epoch is not None or self._facts.said("total_steps") == steps.total

    def configure_steps(self) -> None:
        """In a log without bars the steps per epoch follow from the configuration, where it is known."""
        if self.steps.total is None:
            number = self._facts.said
            total, epochs = number("total_steps"), number("num_train_epochs")
            self.steps.per_epoch = number("steps_per_epoch") or (total / epochs if total and epochs else None)
            every = number("logging_steps")
            self.steps.every = int(every) if every and every >= 1 else None

    def _line(self, data: bytes, start: int, end: int, base: int, number: int) -> None:
        """One line: the pictures of bars that were overwritten in it, then what it shows at last."""
        while end > start and data[end - 1] == RETURN:
            end -= 1
        shown = data.rfind(b"\r", start, end) + 1 or start
        if shown > start:
            self._overwritten(data, start, shown, base, number)
        if shown < end and not data[shown:end].isspace():
            self._shown(data, shown, end, base, number)

    def _overwritten(self, data: bytes, start: int, end: int, base: int, number: int) -> None:
        """Parts that a carriage return took away: only bars say anything there."""
        while start < end:
            stop = data.find(b"\r", start, end)
            part = data[start:stop]
            self._pictures(part, clean(part), base + start, number)
            start = stop + 1

    def _shown(self, data: bytes, start: int, end: int, base: int, number: int) -> None:
        """The text of a line, behind the NULs of a hole."""
        raw = data[start:end].lstrip(b"\0")
        start = end - len(raw)
        if len(raw) > MAX_LINE and b'{"' not in raw:
            return
        line = clean(raw)
        if line.startswith(OWN):
            return
        bars_end = self._pictures(raw, line, base + start, number)
        position = 0
        found = 0
        for record, printed, rank in self._found(line, base + start, number, bars_end):
            found += 1
            at = raw_position(raw, line, record.start, record.end, position)
            position = max(at, 0) + 1 if at >= 0 else position
            self._derive(record, data, start + at, number)
            if record.values.get(zeros.NAME) == 0:
                record.zero_rate = zeros.printed_zero(line[max(record.start, 0) : record.end])
            if not self._is_copy(record, printed, rank):
                self._emit(record, base + start + at, number)
            known = self.prefixes if rank is None else self.tagged
            if found == 1 and not bars_end and len(known) < MAX_PREFIXES:
                known.add(skeleton(line[: max(record.start, 0)]))
        if found > 1:
            self.prefixes.clear()
            self.tagged.clear()
        if not found and not self.in_history:
            self._configuration.read(line, number)

    def _found(self, line: bytes, offset: int, number: int, bars_end: int) -> Iterator[tuple[Record, Printed, bytes | None]]:
        """Every record of a cleaned line, also where ranks have torn each other's lines."""
        begins = torn.parts(line) if not bars_end and len(line) <= MAX_LINE else []
        if not begins:
            yield from self._records(line, offset, number, bars_end)
            return
        for at, stop in zip(begins, [*begins[1:], len(line)], strict=True):
            for record, printed, rank in self._records(line[at:stop], offset + at, number, 0):
                record.start, record.end = record.start + at, record.end + at
                yield record, printed, rank

    def _records(self, line: bytes, offset: int, number: int, bars_end: int) -> Iterator[tuple[Record, Printed, bytes | None]]:
        """Every record of a cleaned line whose bars end at `bars_end`, as printed, and the rank that printed it."""
        if self._history is not None:
            entries = [] if self._specific and not self.in_history else list(self._history.read(line, offset, number))
            self.in_history = self._history.inside
            if entries or self.in_history:
                yield from ((entry, b"", None) for entry in entries)
                return
        if self._listing is not None and not self._specific and len(line) <= MAX_LINE:
            for record in self._listing.read(line, offset, number):
                yield record, repr(record.values).encode(), None
            if self._listing.is_item:
                return
        if len(line) < SHORTEST:
            return
        found = False
        if len(line) <= MAX_LINE:
            for match in self.shapes.find(line):
                found = True
                for name, value in match.facts.items():
                    self._facts.note(name, value, self._gather.source, number)
                if match.record is not None:
                    self.matched.append(match)
                    self._shaped = self._shaped or not match.record.texts
                    rank = tag(line[: match.record.start])
                    printed = match.parsed.raw if match.parsed is not None else line
                    yield from ((record, printed, rank) for record in separate(match.record, match.shape.split))
        if not found and self._objects is not None and any(opening in line for opening in OPENED):
            for record in self._objects.read(line, number):
                found = True
                yield record, line[record.start : record.end], tag(line[: record.start])
            self.progress = self._objects.progress or self.progress
        if not found and self._tables is not None and len(line) <= MAX_LINE:
            for record in self._tables.read(line, number):
                found = True
                yield record, line, None
        if not found and self._grids is not None and not self._specific and len(line) <= MAX_GRID:
            for record in self._grids.read(line):
                found = True
                yield record, line, None
        if not found and self._generic is not None and not self._specific and NAMED <= len(line) <= MAX_LINE:
            for record in self._generic.read(line, bars_end):
                yield record, line[record.start : record.end], tag(line[: record.start])

    def _derive(self, record: Record, data: bytes, at: int, number: int) -> None:
        """Find the step of a record that prints none."""
        self._flush()
        if record.kind == "event":
            _step_of_path(record)
            self._step_of_save(record)
        elif "step" not in record.values and record.format not in _OWN_STEPS:
            epoch = record.values.get("epoch")
            if record.kind == "train":
                self.steps.train(epoch)
                self._note_total(number)
            self.configure_steps()
            step = self.steps.of(data, at, at + record.end - record.start, epoch, record.kind)
            record.values = {"step": float("nan") if step is None else float(step), **record.values}
            record.derived = (*record.derived, "step")

    def _step_of_save(self, record: Record) -> None:
        """A line that a checkpoint was saved, and no step in it, belongs to the record before it."""
        if record.texts.get("event") == "checkpoint" and "step" not in record.values and self._recorded is not None:
            record.values = {"step": self._recorded, **record.values}
            record.derived = (*record.derived, "step")

    def _is_copy(self, record: Record, printed: Printed, rank: bytes | None) -> bool:
        """Whether another rank has printed the record already."""
        if record.kind in ("event", "bar") or record.format == "trainer_state":
            return False
        key = (record.kind.encode(), *(printed if isinstance(printed, tuple) else (printed,)))
        if rank is not None:
            return self.ranks.is_tagged_copy(key, rank)
        return self.ranks.is_copy(key, record.step, self.world)

    def _emit(self, record: Record, offset: int, number: int) -> None:
        """Hand a record over."""
        total = record.values.get("total_steps", 0.0)
        if record.kind == "train" and 1 <= total < MOST:
            self._facts.note("total_steps", total, self._gather.source, number)
        if record.step is not None and record.kind in ("train", "info"):
            self.progress = (int(record.step), self._total())
            self.steps.recorded = record.step
        if record.kind in ("train", "eval"):
            self._recorded = record.step
        self._follow(record.format, record.kind)
        self._gather.add(record, offset, record.line or number)

    def _follow(self, form: str, kind: Kind, count: int = 1) -> None:
        """What other readers are told of records of a format and a kind."""
        self.detected.setdefault(form)
        if kind == "train" and form == "generic":
            self._guessed += count
        elif kind == "train" and form not in _SILENT and (form != "json" or not self._guessed):
            self._told += count
        if self._generic is not None and form != "generic":
            self._generic.follow(kind)

    def _note_total(self, number: int) -> None:
        """A train bar that is under way when a train record comes counts the planned steps."""
        if self.steps.is_running:
            self._facts.note("total_steps", float(self.steps.total or 0), self._gather.source, number)

    def _pictures(self, raw: bytes, line: bytes, offset: int, number: int) -> int:
        """The bars in a cleaned line, which begins at byte `offset`; returns where the last of them ends.

        A bar that moves the cursor up belongs to another one, such as the bar of an evaluation within training.
        """
        end = 0
        if b"/" not in line or b"[" not in line or len(line) > MAX_LINE:
            return end
        is_nested = UP in raw
        for frame in bars.frames(line):
            end = frame.end
            place = offset + max(0, raw.find(b"%d/%d [" % (frame.counter, frame.total)))
            if frame.plain and not is_nested:
                self.steps.bar(frame.total, frame.counter, frame.elapsed, place)
            self._frame(frame, place, number)
        return end

    def _frame(self, frame: bars.Frame, offset: int, number: int) -> None:
        """A picture of a bar."""
        is_plain = frame.total == self.steps.total and frame.plain
        is_train = is_plain and self._is_training()
        if is_plain and not is_train and self.progress is not None and self.progress == self._unproven:
            self.progress, self.elapsed = None, 0.0
        values = bars.records(frame, spoken=not self._shaped) if self._postfix else []
        if is_train or values or frame.description[:5].lower() in (b"epoch", b"train"):
            step, total = bars.steps_of(frame)
            self.progress, self.elapsed = (step, total), max(frame.elapsed, self.elapsed)
            self._unproven = self.progress if is_train and not values else None
        if self._pending is not None and self._pending[0] != frame.key:
            self._flush()
        if values and frame.key != self._emitted:
            self._pending = (frame.key, values, offset, number)

    def _flush(self) -> None:
        """The last picture of a moment is the one that counts. What a bar goes on showing of an evaluation is the same one."""
        if self._pending is None:
            return
        self._emitted, records, offset, number = self._pending
        self._pending = None
        for record in records:
            shown = {name: value for name, value in record.values.items() if name not in ("step", "epoch")}
            if record.kind == "eval" and shown == self._evaluated:
                continue
            self._evaluated = shown if record.kind == "eval" else self._evaluated
            self._follow(record.format, record.kind)
            self._gather.add(record, offset, number)

    def _total(self) -> int | None:
        """The planned steps."""
        total = self._facts.said("total_steps")
        if total is None and self._generic is not None and not self._specific:
            return self._generic.total or self.steps.total
        return int(total) if total else self.steps.total


def _step_of_path(record: Record) -> None:
    """A checkpoint's name often tells its step."""
    match = _CHECKPOINT_STEP.search(str(record.texts.get("path", "")))
    if match is not None and "step" not in record.values:
        record.values = {"step": float(match[1]), **record.values}
        record.derived = (*record.derived, "step")
