"""The attempts of a run: when each began and ended, how far it came."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from trainwatch.model.block import Block
from trainwatch.model.inputs import Chunk
from trainwatch.model.part import Attempt
from trainwatch.model.span import Span


@dataclass(slots=True)
class _Tally:
    """What is known of one attempt."""

    sources: dict[str, None] = field(default_factory=dict)
    records: int = 0
    first: int | None = None
    last: int | None = None
    seen: tuple[float, float] = (math.nan, math.nan)
    clock: Span = field(default_factory=Span)
    failure: str = ""


class Attempts:
    """Counts while a run is folded."""

    def __init__(self) -> None:
        self._tallies: dict[int, _Tally] = {}
        self._rotations: dict[str, set[int]] = {}
        self.newest = 0
        """The number of the newest attempt, 0 before any."""

    def number(self, source: str, attempt: int) -> int:
        """The attempt of the run that an attempt of a source belongs to: one that began with a rotation is none of its own."""
        return attempt - sum(1 for turn in self._rotations.get(source, ()) if turn <= attempt)

    def arrive(self, chunk: Chunk) -> bool:
        """Bytes of an attempt came; whether they begin a new one after another."""
        if chunk.goes_on:
            self._rotations.setdefault(chunk.source, set()).add(chunk.attempt)
        if not chunk.data:
            return False
        number = self.number(chunk.source, chunk.attempt)
        begins = self.newest > 0 and number > self.newest
        self.newest = max(self.newest, number)
        tally = self._tallies.setdefault(number, _Tally())
        tally.sources.setdefault(chunk.source)
        if not math.isnan(chunk.seen_at):
            tally.seen = (chunk.seen_at if math.isnan(tally.seen[0]) else tally.seen[0], chunk.seen_at)
        return begins

    def read(self, block: Block) -> None:
        """Records of an attempt came."""
        tally = self._tallies.get(block.attempt)
        if tally is None or block.kind not in ("train", "eval"):
            return
        tally.records += len(block)
        first, last = block.step(0), block.step(len(block) - 1)
        tally.first = first if tally.first is None else tally.first
        tally.last = last if last is not None else tally.last

    def clock(self, attempt: int, span: Span) -> None:
        """When a source of an attempt was written, by its own clock: from the first timestamp of any to the last, else the longest counts."""
        tally = self._tallies.get(attempt)
        if tally is None:
            return
        known = tally.clock
        if span.absolute and known.absolute:
            tally.clock = Span(min(span.start, known.start), max(span.end, known.end), span.how, absolute=True)
        elif span.absolute or (not known.absolute and (span.seconds or 0.0) > (known.seconds or 0.0)):
            tally.clock = span

    def died(self, attempt: int, kind: str) -> None:
        """What ended an attempt."""
        if attempt in self._tallies:
            self._tallies[attempt].failure = kind

    def all(self) -> tuple[Attempt, ...]:
        """Every attempt, the first one first."""
        return tuple(self._attempt(number, tally) for number, tally in sorted(self._tallies.items()))

    def span(self) -> Span:
        """How long all attempts took, the time between them left out."""
        spans = [span for _, tally in sorted(self._tallies.items()) if (span := _span(tally)).seconds is not None]
        if len(spans) < 2:
            return spans[0] if spans else Span()
        length = sum(span.seconds or 0.0 for span in spans)
        if not all(span.absolute for span in spans):
            return Span(0.0, length, spans[0].how)
        start, end = min(span.start for span in spans), max(span.end for span in spans)
        return Span(start, end, spans[0].how, absolute=True, idle=max(end - start - length, 0.0))

    @staticmethod
    def _attempt(number: int, tally: _Tally) -> Attempt:
        """One attempt."""
        span = _span(tally)
        return Attempt(number, tuple(tally.sources), tally.records, tally.first, tally.last, span.start, span.end, tally.failure)


def _span(tally: _Tally) -> Span:
    """The longest stretch of time that anything tells of: arrivals, else what the log prints."""
    start, end = tally.seen
    return Span(start, end, "arrivals", absolute=True) if end > start else tally.clock
