"""The sources of a run as one stream of records."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from trainwatch.engine.joint import Joint
from trainwatch.engine.speaker import Speaker
from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.model.inputs import Chunk
from trainwatch.model.part import Part
from trainwatch.model.span import Span

LAUNCHER = -1
"""Stands for what is not one rank's output."""

Key = tuple[str, int]
"""Source and attempt."""


class Streams:
    """A reader for each source and attempt; what several sources of one attempt print becomes one.

    `parts` names the sources; one that is not named is a source of its own.
    """

    def __init__(
        self, parts: Sequence[Part], facts: Facts, formats: Sequence[str] | None = None, readers: dict[Key, Reader] | None = None
    ) -> None:
        self.readers: dict[Key, Reader] = {} if readers is None else readers
        self.parts = {part.source: part for part in parts}
        self._facts, self._formats = facts, formats
        self._speakers: dict[int, Speaker | None] = {}
        self._joints: dict[int, Joint] = {}
        self._open: set[str] = set(self.parts)

    def read(self, chunk: Chunk, attempt: int | None = None) -> list[Block]:
        """The records that a chunk completes, and those that only waited for it. `attempt` is that of the run, None: the source's own."""
        attempt = chunk.attempt if attempt is None else attempt
        if len(self.parts) < 2:
            return self._blocks(chunk, attempt)
        self._open.discard(chunk.source) if chunk.final else self._open.add(chunk.source)
        speaker = self._speaker(attempt)
        rank = self._voice(chunk.source)
        if speaker is not None and speaker.is_mute(rank):
            return []
        blocks = self._blocks(chunk, attempt)
        if speaker is not None:
            blocks = speaker.hear(rank, blocks)
            blocks += [] if self._awaits(attempt) else speaker.close()
        joint = self._joints.setdefault(attempt, Joint(self._facts))
        found = [*joint.moment(chunk.seen_at), *joint.take(blocks)]
        joint.bar(chunk.source, self.readers[chunk.source, chunk.attempt].bar)
        return found if self._awaits(attempt) else [*found, *joint.release()]

    def join(self, parts: Sequence[Part]) -> None:
        """More sources of the run have come."""
        new = [part for part in parts if part.source not in self.parts]
        self.parts |= {part.source: part for part in new}
        self._open |= {part.source for part in new if (part.source, part.attempt) not in self.readers}

    def release(self, now: float = math.nan) -> list[Block]:
        """Records that waited for what else was on disk: all of it has been read. `now` in Unix seconds, NaN where time means nothing."""
        heard = [block for attempt, speaker in self._speakers.items() if speaker is not None for block in self._late(attempt, speaker, now)]
        return [*heard, *(block for joint in self._joints.values() for block in joint.release())]

    def _late(self, attempt: int, speaker: Speaker, now: float) -> Iterator[Block]:
        """Records of a rank that is believed because a lower one says nothing."""
        return self._joints.setdefault(attempt, Joint(self._facts)).take(speaker.wait(now))

    def rank(self, source: str) -> int | None:
        """The rank that prints to a source of its own, None for any other source."""
        part = self.parts.get(source)
        return part.rank if part is not None else None

    def before(self, source: str) -> set[str]:
        """The sources that are over when this one begins again: itself, and those of earlier attempts."""
        part = self.parts.get(source)
        return {source} | {other.source for other in self.parts.values() if part is not None and other.attempt < part.attempt}

    def spans(self) -> Iterator[tuple[int, Span]]:
        """(attempt, when it was written) of every source that holds a clock, and of bars that count the records of another source."""
        yield from ((reader.attempt, reader.span) for reader in self.readers.values() if reader.span.seconds is not None)
        for attempt, joint in self._joints.items():
            if joint.elapsed:
                yield attempt, Span(0.0, joint.elapsed, "progress bar")

    def _blocks(self, chunk: Chunk, attempt: int) -> list[Block]:
        """The records of one source."""
        key = (chunk.source, chunk.attempt)
        reader = self.readers.get(key)
        if reader is None:
            reader = self.readers[key] = Reader(chunk.source, facts=self._facts, attempt=attempt, names=self._formats)
        return reader.feed(chunk.data, chunk.offset, final=chunk.final, seen_at=chunk.seen_at)

    def _speaker(self, attempt: int) -> Speaker | None:
        """Who speaks for the ranks of an attempt, None where none prints to a file of its own."""
        if attempt not in self._speakers:
            voices = {self._voice(part.source) for part in self._of(attempt)}
            before = self._speakers.get(attempt - 1)
            if before is not None and before.chosen == LAUNCHER and LAUNCHER not in voices:
                self._speakers[attempt] = before  # the launcher goes on to repeat the ranks that it has started again
            else:
                self._speakers[attempt] = Speaker(voices) if voices - {LAUNCHER} else None
        return self._speakers[attempt]

    def _voice(self, source: str) -> int:
        """The rank of a source; before all of them the launcher, which may repeat what they print."""
        rank = self.rank(source)
        return LAUNCHER if rank is None else rank

    def _awaits(self, attempt: int) -> bool:
        """Whether a source of the attempt has not come to its end."""
        return any(part.source in self._open for part in self._of(attempt))

    def _of(self, attempt: int) -> Iterable[Part]:
        """The sources of an attempt: those that begin with it, for a later one those of the newest before."""
        begun = max((part.attempt for part in self.parts.values() if part.attempt <= attempt), default=1)
        return [part for part in self.parts.values() if part.attempt == begun]
