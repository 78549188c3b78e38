"""Logs that nobody of ours supervises, as inputs of the fold: what they hold now, then what comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeGuard

from trainwatch.model.inputs import UNKNOWN_TIME, Chunk, Input, Sample, Tick
from trainwatch.model.part import Part
from trainwatch.sources.finished import chunks
from trainwatch.sources.follow import Follower
from trainwatch.sources.mounts import is_remote
from trainwatch.sources.readable import is_packed

LOOK = 5.0
"""Seconds between looks at who writes a log."""

PATIENCE = 60.0
"""Seconds without a new byte after which a log that no process of this machine has open has ended."""

REMOTE_PATIENCE = 600.0
"""The same on a network filesystem, where the writer may be on another machine."""

FIRST_SAMPLE = 0.5
"""Seconds before the first look at devices: the first picture does not wait for a driver."""

SAMPLE = 2.0
BLIND_SAMPLE = 60.0
"""Seconds between looks at devices, and between looks for devices where there are none."""

Written = Callable[[Sequence[Path]], bool]
"""Whether a process of this machine has one of these files open for writing."""

Look = Callable[[float], Sample]
"""The devices at a time."""


def is_history(item: Input) -> TypeGuard[Chunk]:
    """Whether an input is bytes that nobody saw arrive, behind which more may follow."""
    return isinstance(item, Chunk) and math.isnan(item.seen_at) and not item.final


class Stream(Protocol):
    """A growing source: a followed log or a pipe."""

    source: str
    problem: str

    def read(self, now: float) -> Chunk | None:
        """The next bytes, None when there are none now."""
        ...

    def end(self, now: float) -> Chunk:
        """What says that nothing follows."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass
class _Log:
    """One stream. `known` is its length when we came: nobody watched those bytes arrive. `grown_at` is its newest sign of life."""

    stream: Stream
    path: Path | None
    known: int
    grown_at: float
    grown: bool = False
    ended: bool = False


class LogInputs:
    """Polls logs. Never raises for what happens to them; `problems` says in words what cannot be read."""

    def __init__(
        self,
        logs: Sequence[Path],
        *,
        now: float,
        written: Written,
        look: Look | None = None,
        pipe: Stream | None = None,
        starts: Mapping[str, tuple[int, int]] | None = None,
        parts: Sequence[Part] = (),
        patience: float = PATIENCE,
    ) -> None:
        """`patience` in seconds is that for local files; infinite: a log never ends. `look` samples devices.

        `starts` holds (attempt, offset) of what was read before. `parts` says in which order several logs are read, and their attempts.
        """
        self.over = False
        """Set when it is known that nobody is left to write: the logs then end where they end."""
        self._attempts = {part.source: part.attempt for part in parts}
        logs = [Path(part.source) for part in parts] or logs
        begins = {source: (attempt, 0) for source, attempt in self._attempts.items()} | dict(starts or {})
        self._logs = [self._open(path, begins.get(str(path), (1, 0)), now) for path in logs if not is_packed(path)]
        self._packed = [path for path in logs if is_packed(path)]
        if pipe is not None:
            self._logs.append(_Log(pipe, None, 0, now))
        self._written, self._look, self._patience = written, look, patience
        self._next_look = -math.inf
        self._next_sample = now + FIRST_SAMPLE
        self._second = -math.inf
        self._next_whose = -math.inf
        self._here = False

    @staticmethod
    def _open(path: Path, start: tuple[int, int], now: float) -> _Log:
        """Follow a log from where it was left."""
        attempt, offset = start
        try:
            status = path.stat()
        except OSError:
            return _Log(Follower(path, attempt=attempt, offset=offset), path, 0, now)
        return _Log(Follower(path, attempt=attempt, offset=offset), path, status.st_size, min(status.st_mtime, now))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come, as far as one can see."""
        return all(log.ended for log in self._logs)

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be read now."""
        return tuple(f"{log.stream.source}: {log.stream.problem}" for log in self._logs if log.stream.problem)

    def quiet_for(self, now: float) -> float:
        """Seconds since the newest byte of any log."""
        return max(now - max((log.grown_at for log in self._logs), default=now), 0.0)

    def poll(self, now: float) -> Iterator[Input]:
        """What came since the last call. `now` in Unix seconds."""
        while self._packed:
            path = self._packed.pop(0)
            yield from (replace(chunk, attempt=self._attempts.get(str(path), 1)) for chunk in chunks(path))
        for log in self._logs:
            yield from self._read(log, now)
        yield from self._ends(now)
        if not self.ended:
            yield from self._timed(now)

    def join(self, parts: Sequence[Part], now: float) -> None:
        """Follow those of these parts that are not followed yet: they came to lie there while we watched."""
        known = {log.stream.source for log in self._logs} | self._attempts.keys()
        for part in parts:
            if part.source not in known:
                self._attempts[part.source] = part.attempt
                path = Path(part.source)
                self._logs.append(_Log(Follower(path, attempt=part.attempt), path, 0, now))

    def close(self) -> None:
        """Let go of every log."""
        for log in self._logs:
            log.stream.close()

    @staticmethod
    def _read(log: _Log, now: float) -> Iterator[Chunk]:
        """The new bytes of one log."""
        while (chunk := log.stream.read(now)) is not None:
            if not log.grown and not chunk.final and chunk.offset + len(chunk.data) <= log.known:
                yield replace(chunk, seen_at=UNKNOWN_TIME)
            else:
                log.grown, log.grown_at, log.ended = True, now, chunk.final and log.path is None
                yield chunk

    def _ends(self, now: float) -> Iterator[Chunk]:
        """The ends of logs that nobody writes any more."""
        if now < self._next_look and not self.over:
            return
        self._next_look = now + LOOK
        for log in self._logs:
            if log.path is not None and not log.ended and self._is_over(log, log.path, now):
                log.ended = True
                yield log.stream.end(now if log.grown else UNKNOWN_TIME)

    def _is_over(self, log: _Log, path: Path, now: float) -> bool:
        """Whether a log was left alone long enough, and by everyone."""
        if self.over:
            return True
        quiet = now - log.grown_at
        if quiet < self._patience or self._written([path]):
            return False
        return quiet >= REMOTE_PATIENCE or not is_remote(path)

    def _timed(self, now: float) -> Iterator[Input]:
        """The tick and the sample that are due."""
        second = math.floor(now)
        if second > self._second:
            self._second = second
            yield Tick(float(second))
        if self._look is not None and now >= self._next_sample:
            sample = self._devices(self._look, now)
            self._next_sample = now + (SAMPLE if sample.gpus else BLIND_SAMPLE)
            yield sample

    def _devices(self, look: Look, now: float) -> Sample:
        """The devices of this machine, if the job runs on it."""
        if now >= self._next_whose:
            self._next_whose = now + BLIND_SAMPLE
            self._here = self._written([log.path for log in self._logs if log.path is not None])
        return look(now) if self._here else Sample(now, (), "no process of this machine writes the log, so the job's devices are elsewhere")
