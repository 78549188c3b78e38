"""Everything that arrives becomes an input: written to the arrivals first, then handed to the fold."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk, Gpu, Input, Sample, Tick
from trainwatch.sources.follow import MARK, Follower
from trainwatch.sources.reread import Reread
from trainwatch.store.arrivals import Arrivals, Recorded
from trainwatch.store.copies import Copied, Copies
from trainwatch.store.rundir import RunDir

POLL = 0.1
"""Seconds between looks at the logs of a new run."""

SAMPLE_PERIOD = 2.0
BLIND_PERIOD = 60.0
"""Seconds between looks at devices, and between looks for devices where there are none."""

QUIET_PART = 60
"""In silence, ticks come every 1/60 of its length: a rule on silence is late by 2 % at most, and weeks of it fill no disk."""


DOUBLING = 2 << 20
"""Bytes of arrivals after which everything is taken in half as often: a run of a month stays below 20 MB, and the first hours lose nothing."""

STEADY = 10.0
"""Seconds for which devices that show the same figures are not noted again."""


class Intake:
    """The sources of one run. `sample` looks at the devices."""

    def __init__(self, run_dir: RunDir, *, sample: Callable[[float], Sample]) -> None:
        self._arrivals = Arrivals(run_dir.arrivals)
        self._copies = Copies(run_dir.copies)
        self._dir = run_dir
        self._sample = sample
        self.followers: dict[str, Follower] = {}
        self.waiting: deque[Input] = deque()
        self._last_chunk = math.nan
        self._last_tick = math.nan
        self._read_at = -math.inf
        self._next_sample = 0.0
        self._closed = False
        self._noted: Sample | None = None
        self._ends: Mapping[str, tuple[int, int]] = {}

    def recorded(self) -> Iterator[Input]:
        """All that an earlier supervisor has seen."""
        fetch = Reread()
        reader = Recorded(self._dir.arrivals, fetch, Copied(self._dir.copies))
        for item in reader.read():
            if isinstance(item, Tick):
                self._last_tick = item.now
            elif isinstance(item, Chunk):
                self._last_chunk = item.seen_at
                self._copies.add(item)
            yield item
        fetch.close()
        self._ends = reader.ends

    def follow(self, source: str, start: int, kept: Mapping[str, Any] | None, attempt: int = 1) -> None:
        """Follow a log: from where the arrivals end; one not met before, or only by earlier attempts, from `start`, where `attempt` begins.

        `kept` is `Follower.state()` of an earlier supervisor, used when it is of the same position: one that was killed has not written its
        last, and what it has read tells where the log goes on.
        """
        if self._ends.get(source, (0, 0))[0] < attempt:
            self.followers[source] = Follower(source, offset=start, attempt=attempt)
            return
        attempt, offset = self._ends[source]
        if kept and (kept.get("attempt"), kept.get("offset")) == (attempt, offset):
            try:
                self.followers[source] = Follower.restore(source, dict(kept))
            except NotReadableError:
                pass
            else:
                return
        read = Copied(self._dir.copies)(source, attempt, max(offset - MARK, 0), min(offset, MARK))
        self.followers[source] = Follower(source, offset=offset, attempt=attempt, before=read if len(read) == min(offset, MARK) else b"")

    def arrived(self, now: float) -> Iterator[Input]:
        """Inputs that have come, each kept in the arrivals before it is handed over.

        Raises NotWrittenError when the disk is full; the input then waits for the next call, and nothing more is read.
        """
        yield from self.drain()
        if not self._closed and not 0 <= now - self._read_at < POLL * (self._slower - 1):
            yield from self._read(now)
        self.waiting.extend(self._timed(now))
        yield from self.drain()

    @property
    def _slower(self) -> int:
        """How many times less often things are taken in than in a new run; whole, so that ticks stay on their grid."""
        return int(2 ** (self._arrivals.size / DOUBLING))

    def _read(self, now: float) -> Iterator[Input]:
        """What the logs have gained. The time is noted to the millisecond, and folded as it is noted."""
        self._read_at = now
        for follower in self.followers.values():
            while (chunk := follower.read(round(now, 3))) is not None:
                self.waiting.append(chunk)
                self._last_chunk = now
                yield from self.drain()

    def add(self, item: Input) -> None:
        """Something else that was seen or asked; it comes with the next `drain`."""
        self.waiting.append(item)

    def drain(self) -> Iterator[Input]:
        """What waits, in order. Raises NotWrittenError."""
        while self.waiting:
            self._arrivals.write(self.waiting[0])
            if isinstance(self.waiting[0], Chunk):
                self._copies.add(self.waiting[0])
            yield self.waiting.popleft()

    def final(self, now: float) -> Iterator[Input]:
        """The ends of all sources; told once, however often they are asked for."""
        yield from self.arrived(now)
        if not self._closed:
            yield from self._read(now)
        if not self._closed:
            self._closed = True
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
        return max(float(self._slower), (now - self._last_chunk) / QUIET_PART)

    def _look(self, now: float) -> Iterator[Sample]:
        """Devices, unless they show what they showed a moment ago; the reason why there are none is told once."""
        seen = _rounded(self._sample(now))
        self._next_sample = now + (SAMPLE_PERIOD * self._slower if seen.gpus else BLIND_PERIOD)
        last = self._noted
        same = last is not None and (last.gpus, last.reason) == (seen.gpus, seen.reason)
        if not same or (seen.gpus and last is not None and not 0 <= seen.at - last.at < STEADY):
            self._noted = seen
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
        self._copies.close()
        for follower in self.followers.values():
            follower.close()


def _rounded(seen: Sample) -> Sample:
    """Devices with figures as exact as anybody reads them: percent, degrees, watts."""
    return Sample(round(seen.at, 3), tuple(map(_rounded_gpu, seen.gpus)), seen.reason)


def _rounded_gpu(gpu: Gpu) -> Gpu:
    """One device."""
    load, heat, power = gpu.utilisation, gpu.temperature, gpu.power
    return replace(
        gpu,
        utilisation=None if load is None else round(load, 2),
        temperature=None if heat is None else float(round(heat)),
        power=None if power is None else float(round(power)),
    )


def length(path: str) -> int:
    """The present length of a log, 0 when it is not there yet."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
