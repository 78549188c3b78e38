"""A growing log, read to its newest byte: nothing lost, nothing twice, whatever happens to the file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk
from trainwatch.sources.rotated import rest_of

CHUNK = 256 << 10
"""Bytes per chunk at most: it stays in the processor's cache and holds the interpreter for two milliseconds."""

MARK = 256
"""Bytes before the offset that are read again at every poll: a file rewritten in between shows in them."""

LEAST = 4 << 10
"""Bytes that are asked for at least: a filesystem may not know how long a file is."""

HOLE_CHUNKS = 512
"""Chunks of a hole that one call skips."""

OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(slots=True)
class Position:
    """How far a log was read, to be kept over a restart.

    `attempt` counts from 1 and grows when the file starts again. `mark` is the digest of the `marked` bytes before `offset`,
    empty when they are yet to be seen, or are at hand themselves. `begun` is false while only the NULs of a hole were seen.
    `goes_on`: the file before it was rotated away.
    """

    attempt: int = 1
    offset: int = 0
    marked: int = 0
    mark: str = ""
    begun: bool = False
    goes_on: bool = False


class Follower:
    """Polls one log by its path. Not a byte is read twice, and none is missed that was there at a poll.

    Appended, renamed with the writer going on, replaced by a longer copy of itself: the attempt goes on. Truncated (also when it grew
    past the old offset since), replaced, deleted and made anew: the old file is read to its end, then the next attempt starts at 0. Where
    the old bytes lie beside it, renamed, copied or packed, the log was rotated: what they hold more is read, and the new file goes on.
    """

    def __init__(self, path: Path | str, source: str | None = None, *, offset: int = 0, attempt: int = 1, before: bytes = b"") -> None:
        """`source` is the name in chunks, the path by default. Reading begins at `offset`. The file need not exist yet.

        `before` are the newest bytes that somebody has read up to there: a log that was rewritten since does not hold them. Without them it
        is believed as it is.
        """
        self.path = Path(path)
        self.source = str(path) if source is None else source
        self.problem = ""
        """Why nothing can be read now, in words; empty when all is well."""
        self._fd: int | None = None
        self._file = 0, 0
        self._before = before[-MARK:]
        self._rest: Iterator[bytes] | None = None
        self._position = Position(attempt, offset, len(self._before) or min(offset, MARK), begun=offset > 0)

    @classmethod
    def restore(cls, path: Path | str, state: dict[str, Any], source: str | None = None) -> Follower:
        """Go on from what `state()` gave. Raises NotReadableError when the state makes no sense."""
        follower = cls(path, source)
        try:
            follower._position = Position(
                int(state["attempt"]),
                int(state["offset"]),
                int(state["marked"]),
                str(state["mark"]),
                bool(state["begun"]),
                bool(state.get("goes_on")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NotReadableError(f"{path}: the stored position is damaged ({error})") from error
        return follower

    def state(self) -> dict[str, Any]:
        """The position, as JSON values."""
        kept = asdict(self._position)
        return {**kept, "mark": _digest(self._before)} if self._before else kept

    @property
    def attempt(self) -> int:
        """How many times the log has begun."""
        return self._position.attempt

    @property
    def offset(self) -> int:
        """The position after the newest byte handed over."""
        return self._position.offset

    def read(self, now: float) -> Chunk | None:
        """The next bytes, at most `CHUNK`; None when there is nothing new. `now` in Unix seconds becomes `seen_at`.

        A chunk without data and with `final` ends an attempt whose file was rewritten.
        """
        if self._rest is not None:
            return self._rotated(now)
        fresh = self._open()
        if fresh is None:
            return self._next(self._fd, now)[0] if self._fd is not None else None
        status = os.fstat(fresh)
        if self._fd is not None and self._file != (status.st_dev, status.st_ino):
            return self._switch(fresh, status, now)
        self._keep(fresh, status)
        chunk, whole = self._next(fresh, now)
        return chunk if whole else self._restart(now)

    def end(self, now: float) -> Chunk:
        """What says that nothing follows: call it after `read` gave None for the last time."""
        self.close()
        return Chunk(self.source, self.offset, b"", now, self.attempt, final=True)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int | None:
        """The file that has our name now. A fresh descriptor makes network filesystems look again."""
        try:
            fd = os.open(self.path, OPEN)
        except OSError as error:
            self.problem = error.strerror or str(error)
            return None
        self.problem = ""
        return fd

    def _keep(self, fd: int, status: os.stat_result) -> None:
        """Go on with this descriptor."""
        self.close()
        self._fd, self._file = fd, (status.st_dev, status.st_ino)

    def _switch(self, fresh: int, status: os.stat_result, now: float) -> Chunk | None:
        """Our name belongs to another file: first the rest of the old one, then the new one, from where it differs."""
        if self._fd is not None:
            chunk, _ = self._next(self._fd, now)
            if chunk is not None or not status.st_size:
                os.close(fresh)
                return chunk
        self._keep(fresh, status)
        if self._position.marked == MARK:
            chunk, whole = self._next(fresh, now)
            if whole:
                return chunk
        return self._restart(now)

    def _restart(self, now: float) -> Chunk | None:
        """The file begins again: the next attempt. What was begun before is over."""
        old = self._position
        if not old.begun:
            self._position, self._before = Position(old.attempt, goes_on=old.goes_on), b""
            return None
        self._rest = rest_of(self.path, old.offset, old.marked, self._was_read)
        return self._rotated(now) if self._rest is not None else self._next_attempt(now)

    def _rotated(self, now: float) -> Chunk | None:
        """The rest of a part that was rotated away, piece by piece; then the file that took its name."""
        at = self._position
        try:
            data = next(filter(None, self._rest or ()), b"")
        except NotReadableError as error:
            self.problem, data = str(error), b""
        if data:
            self._advance(b"", data, begun=True)
            return Chunk(self.source, at.offset, data, now, at.attempt)
        self._rest = None
        return self._next_attempt(now, goes_on=True)

    def _next_attempt(self, now: float, *, goes_on: bool = False) -> Chunk:
        """The end of an attempt; the file is read from its beginning next."""
        old = self._position
        self._position, self._before = Position(old.attempt + 1, goes_on=goes_on), b""
        return Chunk(self.source, old.offset, b"", now, old.attempt, final=True)

    def _next(self, fd: int, now: float) -> tuple[Chunk | None, bool]:
        """(what follows the offset, whether the bytes before it are still those that were read)."""
        for _ in range(HOLE_CHUNKS):
            seen = self._look(fd)
            if seen is None:
                return None, False
            before, data = seen
            if len(data) < CHUNK and not data.strip(b"\0"):
                return None, True  # nothing, or NULs: a network filesystem may show the size before the bytes
            at = self._position
            if not at.begun and data.startswith(b"\0"):
                self._advance(before, data[: len(data) - len(data.lstrip(b"\0"))], begun=False)
                continue
            data = data.rstrip(b"\0") or data
            self._advance(before, data, begun=True)
            return Chunk(self.source, at.offset, data, now, at.attempt, goes_on=at.goes_on and not at.begun), True
        return None, True

    def _look(self, fd: int) -> tuple[bytes, bytes] | None:
        """(the marked bytes, what follows them), from one read; None when the marked bytes have changed."""
        at = self._position
        try:
            size = min(max(os.fstat(fd).st_size - at.offset, LEAST), CHUNK)
            got = os.pread(fd, at.marked + size, at.offset - at.marked)
        except OSError as error:
            self.problem = error.strerror or str(error)
            return b"", b""
        before = got[: at.marked]
        same = len(before) == at.marked and (self._was_read(before) or not (self._before or at.mark))
        return (before, got[at.marked :]) if same else None

    def _was_read(self, data: bytes) -> bool:
        """Whether these are the marked bytes."""
        return data == self._before if self._before else bool(self._position.mark) and _digest(data) == self._position.mark

    def _advance(self, before: bytes, data: bytes, *, begun: bool) -> None:
        """Move past `data`, and mark what now lies before the offset."""
        at, self._before = self._position, (before + data[-MARK:])[-MARK:]
        self._position = Position(at.attempt, at.offset + len(data), len(self._before), "", begun, at.goes_on)


def _digest(data: bytes) -> str:
    """A short digest of marked bytes."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()
