"""What was decided and done, one JSON object a line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from trainwatch.store.files import APPEND, append_line, encode, mode_in, not_written, read_bytes

LIMIT = 64 << 20
"""Bytes of a journal that are read: far above what a run writes."""


class Journal:
    """Appends entries to `path`, each on disk before `append` returns.

    An entry that could not be written is kept in memory and goes out, in order, before the next one.
    """

    def __init__(self, path: Path) -> None:
        """Creates nothing until the first entry."""
        self.path = path
        self._fd: int | None = None
        self._waiting: list[bytes] = []
        self._torn = False

    def append(self, event: str, *, at: float, **fields: object) -> dict[str, object]:
        """Write {v, at, event, …}; `at` in Unix seconds. Returns the entry.

        Raises NotWrittenError: the entry then waits in memory; do not append it again, call `flush`.
        """
        entry: dict[str, object] = {"v": 1, "at": at, "event": event, **fields}
        self._waiting.append(encode(entry) + b"\n")
        self.flush()
        return entry

    def flush(self) -> None:
        """Write what still waits. Raises NotWrittenError when the disk still refuses."""
        try:
            fd = self._open()
            while self._waiting:
                self._write(fd, self._waiting[0])
                del self._waiting[0]
            os.fsync(fd)
        except OSError as error:
            raise not_written(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        """The descriptor; notes whether someone before us died in the middle of a line."""
        if self._fd is None:
            self._fd = os.open(self.path, APPEND, 0o600)
            os.fchmod(self._fd, mode_in(self.path.parent))
            self._torn = ends_torn(self.path)
        return self._fd

    def _write(self, fd: int, line: bytes) -> None:
        """One line, on a line of its own even after a torn one."""
        data = b"\n" + line if self._torn else line
        self._torn = True
        append_line(fd, data)
        self._torn = False


def ends_torn(path: Path) -> bool:
    """Whether a file of lines ends in the middle of one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return False
        file.seek(size - 1)
        return file.read(1) != b"\n"


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole entry in order; empty without a file. Lines torn by a crash or a full disk are left out. Raises NotReadableError."""
    content = read_bytes(path, LIMIT) or b""
    return [entry for line in content.split(b"\n") if (entry := _entry(line)) is not None]


def _entry(line: bytes) -> dict[str, Any] | None:
    """The entry of a line, None for an empty or torn one."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
