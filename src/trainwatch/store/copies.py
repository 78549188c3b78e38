"""The bytes of logs as they came, packed: what a log loses later, by a requeue that truncates it, can still be read.

A file a source and attempt, of frames: where the bytes begin, how many they are, how many packed, then zlib. A frame is packed when
64 KiB have come, when the attempt ends, and when the supervisor ends. What comes until then is written as it comes, in loose frames that
the packed one replaces: a supervisor that is killed before a requeue truncates the log takes nothing with it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk
from trainwatch.store.files import APPEND, append_line, open_regular

HEAD = struct.Struct(">QII")
FRAME = 64 << 10
"""Bytes of a frame before it is packed."""

MOST = 3 << 20
"""Bytes in the folder at most, packed: the beginning of a run is kept rather than its end, which the log holds longest."""

LOOSE = 1 << 20
"""Bytes in loose frames at most: with more sources than that is enough for, some of them wait in memory."""

Key = tuple[str, int]
"""Source and attempt."""

Frame = tuple[int, int, int, int]
"""Where its bytes begin in the source, how many they are, where they lie packed in the file, how many they are then."""


class Copies:
    """Writes. Nothing here raises: a copy that cannot be written is done without."""

    def __init__(self, folder: Path) -> None:
        """Touches nothing before there is something to write. What is there is continued."""
        self._folder = folder
        self._waiting: dict[Key, tuple[int, bytearray]] = {}
        self._ends: dict[Key, int | None] = {}
        self._loose: dict[Key, int] = {}
        self._room: int | None = None

    def add(self, chunk: Chunk) -> None:
        """The next bytes of a source; those that are there already are left out, and so is what follows a gap."""
        key = (chunk.source, chunk.attempt)
        end = self._end(key)
        start, waiting = self._waiting.setdefault(key, (chunk.offset if end is None else end, bytearray()))
        behind = start + len(waiting) - chunk.offset
        new = chunk.data[behind:] if 0 <= behind < len(chunk.data) else b""
        waiting += new
        if len(waiting) >= FRAME or chunk.final:
            self._flush(key)
        elif new and sum(self._loose.values()) + len(new) <= LOOSE:
            self._loose[key] = self._loose.get(key, 0) + self._write(key, start + len(waiting) - len(new), new, level=0)

    def close(self) -> None:
        """Write what waits."""
        for key in tuple(self._waiting):
            self._flush(key)

    def _end(self, key: Key) -> int | None:
        """Where the bytes that are kept of an attempt end, None when there are none. A frame that a full disk tore is cut off."""
        if key not in self._ends:
            path = _path(self._folder, key)
            frames = list(_frames(path))
            self._ends[key] = frames[-1][0] + frames[-1][1] if frames else None
            with suppress(OSError):
                if path.stat().st_size > (whole := frames[-1][2] + frames[-1][3] if frames else 0):
                    os.truncate(path, whole)
        return self._ends[key]

    def _flush(self, key: Key) -> None:
        """Pack what waits."""
        start, waiting = self._waiting.pop(key)
        if not waiting:
            return
        loose = self._loose.pop(key, 0)
        with suppress(OSError):
            if loose:
                path = _path(self._folder, key)
                os.truncate(path, path.stat().st_size - loose)
        if self._room is None:
            self._room = MOST - _size(self._folder) + sum(self._loose.values())
        written = self._write(key, start, waiting, room=self._room)
        self._room -= written
        if written:
            self._ends[key] = start + len(waiting)

    def _write(self, key: Key, start: int, data: bytes | bytearray, *, level: int = -1, room: int = LOOSE) -> int:
        """Append a frame if there is room; returns how long it is, 0 when it could not be written."""
        packed = zlib.compress(data, level)
        frame = HEAD.pack(start, len(data), len(packed)) + packed
        if len(frame) > room:
            return 0
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(_path(self._folder, key), APPEND, 0o600)
            try:
                append_line(fd, frame)
            finally:
                os.close(fd)
            return len(frame)
        return 0


class Copied:
    """Reads what was kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Key, tuple[tuple[int, int], list[Frame]]] = {}
        self._newest: tuple[Path, Frame, bytes] | None = None

    def __call__(self, source: str, attempt: int, offset: int, length: int) -> bytes:
        """Bytes of an attempt; fewer, or none, where they were not kept."""
        path, data = _path(self._folder, (source, attempt)), b""
        for frame in self._frames((source, attempt), path):
            at = offset + len(data) - frame[0]
            if 0 <= at < frame[1] and len(data) < length:
                data += self._unpacked(path, frame)[at : at + length - len(data)]
        return data

    def _frames(self, key: Key, path: Path) -> list[Frame]:
        """The frames of a file, looked for again when it was written to."""
        try:
            status = path.stat()
        except OSError:
            return []
        written = status.st_size, status.st_mtime_ns
        if key not in self._known or self._known[key][0] != written:
            self._known[key], self._newest = (written, list(_frames(path))), None
        return self._known[key][1]

    def _unpacked(self, path: Path, frame: Frame) -> bytes:
        """The bytes of a frame: no more than it says, however many are packed in it."""
        if self._newest is None or self._newest[:2] != (path, frame):
            with suppress(OSError, NotReadableError, zlib.error):
                fd = open_regular(path)
                if fd is not None:
                    with os.fdopen(fd, "rb") as file:
                        packed = os.pread(file.fileno(), frame[3], frame[2])
                        self._newest = path, frame, zlib.decompressobj().decompress(packed, frame[1])
        return self._newest[2] if self._newest is not None and self._newest[:2] == (path, frame) else b""


def _frames(path: Path) -> Iterator[Frame]:
    """Every whole frame of a file."""
    try:
        fd = open_regular(path)
    except NotReadableError:
        return
    if fd is None:
        return
    with os.fdopen(fd, "rb") as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while len(head := os.pread(file.fileno(), HEAD.size, at)) == HEAD.size:
            start, raw, length = HEAD.unpack(head)
            at += HEAD.size + length
            if at > size:
                return
            yield start, raw, at - length, length


def _path(folder: Path, key: Key) -> Path:
    """The file of a source and attempt."""
    source, attempt = key
    return folder / f"{hashlib.blake2b(source.encode(), digest_size=8).hexdigest()}-{attempt}.z"


def _size(folder: Path) -> int:
    """Bytes in a folder."""
    with suppress(OSError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0
