"""The fold: inputs in, decisions out.

It reads no clock and no file. Equal inputs give equal decisions, whatever the chunking; live, replay and backtest are this one class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from trainwatch.engine.attempts import Attempts
from trainwatch.engine.buffering import Buffering
from trainwatch.engine.curves import Curves
from trainwatch.engine.pace import Pace
from trainwatch.engine.streams import Streams
from trainwatch.engine.tail import Tail
from trainwatch.failures.among import among
from trainwatch.failures.diagnose import diagnose
from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts, Given
from trainwatch.model.failure import Failure
from trainwatch.model.inputs import CheckpointSeen, Chunk, Input, Joined, Order, Sample, Tick
from trainwatch.model.part import Attempt, Heard
from trainwatch.model.planned import a_step, planned
from trainwatch.model.snapshot import Note, Progress, RunInfo, SavedLine, Snapshot, State
from trainwatch.model.span import Span
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.preset import Preset

TAIL_BYTES = 32 << 10
TAIL_LINES = 200
LAST_LINE = 4 << 10


class Engine:
    """One run, from its inputs. `formats` restricts the readers; None tries all."""

    def __init__(
        self,
        preset: Preset,
        run: RunInfo,
        *,
        stated: Mapping[str, Given] | None = None,
        formats: Sequence[str] | None = None,
    ) -> None:
        self.preset = preset
        self.formats = formats
        self.facts = Facts(stated)
        self.board = Board(preset, self.facts)
        self.curves = Curves()
        self.pace = Pace()
        self.run = run
        self.events: list[Event] = []
        self.checkpoints: dict[str, CheckpointSeen] = {}
        self.saved: list[SavedLine] = []
        self.notes: list[Note] = []
        self.readers: dict[tuple[str, int], Reader] = {}
        self.streams = Streams(run.parts, self.facts, formats, self.readers)
        self.attempts = Attempts()
        self.buffering = Buffering()
        self._heard: dict[str, Heard] = {}
        self.tails: dict[str, Tail] = {}
        self.ends: dict[str, tuple[int, int]] = {}
        """(attempt, offset) up to which each source was read."""
        self._ended: set[str] = set()
        self._last_record: dict[str, int] = {}
        self._sample: Sample | None = None
        self._first_seen = math.nan
        self._last_seen = math.nan
        self._now = math.nan
        self._bytes = 0
        self._failure: tuple[int, Failure | None] = (-1, None)

    def feed(self, item: Input) -> list[Event]:
        """Fold one input; returns what changed, in order."""
        match item:
            case Chunk():
                events = self._chunk(item)
            case Tick():
                self._now = item.now
                events = [*self._judge(self.streams.release(item.now)), *self.board.tick(item.now)]
            case CheckpointSeen():
                if item.path:
                    self.checkpoints[item.path] = item
                events = self.board.checkpoint(item)
            case Sample():
                self._sample = item
                events = self.board.sample(item)
            case Order():
                events = self._order(item)
            case Joined():
                events = []
                self.join(replace(self.run, sources=tuple(part.source for part in item.parts), parts=item.parts))
        self.events += events
        return events

    def _order(self, order: Order) -> list[Event]:
        """A person's command, as far as it changes what is judged."""
        if order.op == "standing":
            self.facts.note("standing_order", value=True, origin="the hook in the job")
        if order.op == "attempt":
            self.pace, self._last_seen = Pace(), math.nan
            self._ended.clear()
            return self.board.restarted(order.at)
        if order.op != "note":
            return []
        self.notes.append(Note(order.reason, order.who, order.at, self.curves.last_step, self.curves.last_epoch, self.curves.records))
        return self.board.note(order.reason, order.at)

    def join(self, run: RunInfo) -> None:
        """The run has more sources than it began with."""
        self.run = run
        self.streams.join(run.parts)

    def blocks(self, chunk: Chunk) -> list[Block]:
        """Read a chunk without judging it: what `export` needs."""
        if self.attempts.arrive(chunk):
            self._turn_over(chunk.source)
        self._bytes += len(chunk.data)
        self.ends[chunk.source] = chunk.attempt, chunk.offset + len(chunk.data)
        self.tails.setdefault(chunk.source, Tail()).add(chunk.data, chunk.offset)
        (self._ended.add if chunk.final else self._ended.discard)(chunk.source)
        return self.streams.read(chunk, self.attempts.number(chunk.source, chunk.attempt))

    def _chunk(self, chunk: Chunk) -> list[Event]:
        """Read, keep and judge the records of a chunk."""
        if not math.isnan(chunk.seen_at):
            self._last_seen = self._now = chunk.seen_at
            if math.isnan(self._first_seen):
                self._first_seen = chunk.seen_at
        blocks = self.blocks(chunk)
        self.buffering.arrive(chunk, blocks)
        events = self._judge(blocks)
        if not math.isnan(chunk.seen_at):
            events += self.board.arrived(len(chunk.data), chunk.seen_at, read=bool(blocks))
        reader = self.readers.get((chunk.source, chunk.attempt))
        marker = reader.progress if reader is not None else None
        if marker is not None and not math.isnan(chunk.seen_at):
            self.pace.mark(marker[0], chunk.seen_at)
            events += self.board.progress(marker[0], chunk.seen_at)
        return events

    def _judge(self, blocks: Sequence[Block]) -> list[Event]:
        """Keep and judge records."""
        events: list[Event] = []
        for block in blocks:
            self.curves.add(block)
            self.attempts.read(block)
            if block.kind == "event":
                self._note_saves(block)
            elif block.kind in ("train", "eval"):
                self._last_record[block.source] = block.offsets[-1]
            events += self.board.observe(block)
        return events

    def _turn_over(self, source: str) -> None:
        """Another attempt begins: what ended the one before is no state of the run any more."""
        over = self.attempts.all()[-2]
        failure = self._diagnosis(None)
        self.attempts.died(over.number, failure.kind if failure is not None else "")
        self._heard |= {heard.source: heard for heard in self._hear(over.number)}
        for old in self.streams.before(source) & self.tails.keys():
            del self.tails[old]
            self._last_record.pop(old, None)

    def _hear(self, attempt: int) -> Iterator[Heard]:
        """The last line of every source of an attempt, the newest one."""
        for source, tail in self.tails.items():
            last = next((line for line in reversed(tail.lines(LAST_LINE, TAIL_LINES)) if line.strip()), "")
            yield Heard(source, attempt, self.streams.rank(source), tail.end, last)

    def _note_saves(self, block: Block) -> None:
        """Keep the checkpoints that the log itself says were saved."""
        for row, texts in enumerate(block.texts):
            if texts.get("event") == "checkpoint":
                path = str(texts.get("path") or "")
                self.saved.append(SavedLine(path, block.step(row), block.source, block.attempt, block.line(row)))

    def snapshot(self, *, exit_code: int | None = None) -> Snapshot:
        """The run as it stands. `exit_code` is the job's, when it is known."""
        failure = self._diagnosis(exit_code) if self._over or exit_code is not None else None
        return Snapshot(
            run=self.run,
            state=self._state(failure, exit_code),
            now=self._now,
            progress=self._progress(),
            span=self._span(),
            phases=self.board.phases(),
            alerts=self.board.alerts(),
            rules=self.board.statuses(),
            events=tuple(self.events),
            evaluations=self.board.evaluations,
            best=self.board.best(),
            checkpoints=tuple(self.checkpoints.values()),
            saved_best=self.board.saved_best(),
            saved_lines=tuple(self.saved),
            schedule=self.board.schedule,
            series=self.curves.series,
            epochs=self.curves.epochs,
            facts=self.facts,
            sample=self._sample,
            failure=failure,
            tail=self._tail_lines(),
            records=self.curves.records,
            bytes_read=self._bytes,
            formats=tuple(dict.fromkeys(name for reader in self.readers.values() for name in reader.detected)),
            data_age=None if math.isnan(self._last_seen) else max(self._now - self._last_seen, 0.0),
            exit_code=exit_code,
            caveats=tuple(self.buffering.caveats(self._now)),
            attempts=self._attempts(),
            heard=tuple({**self._heard, **{heard.source: heard for heard in self._hear(self.attempts.newest)}}.values()),
            criteria=self.board.criteria(over=self._over or exit_code is not None),
            notes=tuple(self.notes),
        )

    @property
    def size(self) -> int:
        """How many bytes were read."""
        return self._bytes

    def diagnose(self) -> Failure | None:
        """What would have ended the run if nothing followed; worked out once for the bytes read."""
        return self._diagnosis(None)

    @property
    def _over(self) -> bool:
        """Whether every source has ended."""
        return bool(self._ended) and self._ended >= self.tails.keys() | self._heard.keys()

    def _state(self, failure: Failure | None, exit_code: int | None) -> State:
        """What the bytes alone say; a supervisor knows better."""
        if exit_code is not None:
            return "failed" if exit_code else "done"
        if self._over:
            return "failed" if failure is not None else "done"
        return "running" if self.curves.records else "starting"

    def _progress(self) -> Progress:
        """How far and how fast."""
        markers = [reader.progress for reader in self.readers.values() if reader.progress]
        step, total = max(markers, key=lambda m: m[0]) if markers else (self.curves.last_step, None)
        configured, accumulation = self.facts.number("total_steps"), self.facts.number("gradient_accumulation_steps")
        epochs, per_epoch = self.facts.number("num_train_epochs"), self.facts.number("steps_per_epoch")
        unit = a_step(step, self.curves.last_epoch, total=configured, accumulation=accumulation, epochs=epochs, per_epoch=per_epoch)
        total = planned(total, configured, accumulation, unit)
        step_time = self.pace.step_time() or self._mean_step_time(step)
        left = (total - step) * step_time if total and step is not None and step_time else None
        return Progress(
            step=step,
            total_steps=total,
            epoch=self.curves.last_epoch,
            total_epochs=self.facts.number("num_train_epochs"),
            step_time=step_time,
            eta=max(left, 0.0) if left is not None else None,
            samples_per_second=self._last("samples_per_second"),
            tokens_per_second=self._last("tokens_per_second"),
        )

    def _mean_step_time(self, step: int | None) -> float | None:
        """Seconds per step over the whole run, where the log tells its length."""
        seconds = self._span().seconds
        return seconds / step if seconds and step else None

    def _last(self, name: str) -> float | None:
        """The newest value of a metric."""
        series = self.curves.series.get(name)
        return series.last if series is not None else None

    def _span(self) -> Span:
        """The longest stretch of time that anything tells of: arrivals, else what the log prints."""
        for attempt, span in self.streams.spans():
            self.attempts.clock(attempt, span)
        return self.attempts.span()

    def _attempts(self) -> tuple[Attempt, ...]:
        """Every attempt of the run."""
        self._span()
        return self.attempts.all()

    def _diagnosis(self, exit_code: int | None) -> Failure | None:
        """What ended the run; looked for once per state of the log."""
        key = self._bytes if exit_code is None else ~self._bytes
        if self._failure[0] != key:
            told = [(self.streams.rank(source), self._diagnose(source, tail, exit_code)) for source, tail in self.tails.items()]
            self._failure = (key, among([(rank, failure) for rank, failure in told if failure is not None]))
        return self._failure[1]

    def _diagnose(self, source: str, tail: Tail, exit_code: int | None) -> Failure | None:
        reader = self.readers.get((source, self.ends[source][0]))
        data, offset = tail.window(), tail.offset
        if reader is not None:
            data, offset = reader.again(data, offset)
        return diagnose(data, offset, tail.first_line, source, last_record=self._last_record.get(source), exit_code=exit_code)

    def _tail_lines(self) -> tuple[str, ...]:
        """The newest lines of the main source, fit for a screen."""
        tail = self.tails.get(self.run.main) or next(iter(self.tails.values()), None)
        return tail.lines(TAIL_BYTES, TAIL_LINES) if tail is not None else ()
