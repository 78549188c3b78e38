"""Everything that arrives becomes an input: written to the arrivals first, then handed to the fold."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk, Input, Sample, Tick
from trainwatch.sources.follow import Follower
from trainwatch.sources.reread import Reread
from trainwatch.store.arrivals import Arrivals, Recorded
from trainwatch.store.rundir import RunDir

SAMPLE_PERIOD = 2.0
BLIND_PERIOD = 60.0
"""Seconds between looks at devices, and between looks for devices where there are none."""

QUIET_PART = 60
"""In silence, ticks come every 1/60 of its length: a rule on silence is late by 2 % at most, and weeks of it fill no disk."""


class Intake:
    """The sources of one run. `sample` looks at the devices."""

    def __init__(self, run_dir: RunDir, *, sample: Callable[[float], Sample]) -> None:
        self._arrivals = Arrivals(run_dir.arrivals)
        self._path = run_dir.arrivals
        self._sample = sample
        self.followers: dict[str, Follower] = {}
        self.waiting: deque[Input] = deque()
        self._last_chunk = math.nan
        self._last_tick = math.nan
        self._next_sample = 0.0
        self._blind = ""
        self._ends: Mapping[str, tuple[int, int]] = {}

    def recorded(self) -> Iterator[Input]:
        """All that an earlier supervisor has seen."""
        fetch = Reread()
        reader = Recorded(self._path, fetch)
        for item in reader.read():
            if isinstance(item, Tick):
                self._last_tick = item.now
            elif isinstance(item, Chunk):
                self._last_chunk = item.seen_at
            yield item
        fetch.close()
        self._ends = reader.ends

    def follow(self, source: str, start: int, kept: Mapping[str, Any] | None) -> None:
        """Follow a log: from where the arrivals end; a log not met before from `start`.

        `kept` is `Follower.state()` of an earlier supervisor, used when it is of the same position.
        """
        if source not in self._ends:
            self.followers[source] = Follower(source, offset=start)
            return
        attempt, offset = self._ends[source]
        if kept and (kept.get("attempt"), kept.get("offset")) == (attempt, offset):
            try:
                self.followers[source] = Follower.restore(source, dict(kept))
            except NotReadableError:
                pass
            else:
                return
        self.followers[source] = Follower(source, offset=offset, attempt=attempt)

    def arrived(self, now: float) -> Iterator[Input]:
        """Inputs that have come, each kept in the arrivals before it is handed over.

        Raises NotWrittenError when the disk is full; the input then waits for the next call, and nothing more is read.
        """
        yield from self.drain()
        for follower in self.followers.values():
            while (chunk := follower.read(now)) is not None:
                self.waiting.append(chunk)
                self._last_chunk = now
                yield from self.drain()
        self.waiting.extend(self._timed(now))
        yield from self.drain()

    def add(self, item: Input) -> None:
        """Something else that was seen or asked; it comes with the next `drain`."""
        self.waiting.append(item)

    def drain(self) -> Iterator[Input]:
        """What waits, in order. Raises NotWrittenError."""
        while self.waiting:
            self._arrivals.write(self.waiting[0])
            yield self.waiting.popleft()

    def final(self, now: float) -> Iterator[Input]:
        """The ends of all sources."""
        yield from self.arrived(now)
        self.waiting.extend(follower.end(now) for follower in self.followers.values())
        yield from self.drain()

    def _timed(self, now: float) -> Iterator[Input]:
        """The tick and the sample that are due."""
        second = math.floor(now)
        if not second - self._last_tick < self._pause(now):
            self._last_tick = second
            yield Tick(float(second))
        if now >= self._next_sample:
            yield from self._look(now)

    def _pause(self, now: float) -> float:
        """Seconds between ticks."""
        if math.isnan(self._last_chunk):
            self._last_chunk = now
        return max(1.0, (now - self._last_chunk) / QUIET_PART)

    def _look(self, now: float) -> Iterator[Sample]:
        """Devices; the reason why there are none is told once."""
        seen = self._sample(now)
        self._next_sample = now + (SAMPLE_PERIOD if seen.gpus else BLIND_PERIOD)
        if seen.gpus or seen.reason != self._blind:
            self._blind = seen.reason
            yield seen

    def positions(self) -> dict[str, dict[str, Any]]:
        """How far every log was read."""
        return {source: follower.state() for source, follower in self.followers.items()}

    def size(self) -> int:
        """Bytes read so far, as a sign of life."""
        return sum(follower.offset for follower in self.followers.values())

    def close(self) -> None:
        """Let go of all files."""
        self._arrivals.close()
        for follower in self.followers.values():
            follower.close()


def length(path: str) -> int:
    """The present length of a log, 0 when it is not there yet."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
