"""What was decided and done, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainwatch.store.files import encode, not_written, read_bytes
from trainwatch.store.linefile import LineFile

LIMIT = 64 << 20
"""Bytes of a journal that are read: far above what a run writes."""


class Journal:
    """Appends entries to `path`, each on disk before `append` returns.

    An entry that could not be written is kept in memory and goes out, in order, before the next one.
    """

    def __init__(self, path: Path) -> None:
        """Creates nothing until the first entry."""
        self.path = path
        self._file = LineFile(path)
        self._waiting: list[bytes] = []

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
            while self._waiting:
                self._file.write(self._waiting[0])
                del self._waiting[0]
            self._file.sync()
        except OSError as error:
            raise not_written(self.path, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


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
