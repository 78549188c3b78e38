"""A file of lines that several lives of a program append to, each line whole."""

from __future__ import annotations

import os
from pathlib import Path

from trainwatch.store.files import APPEND, append_line, mode_in


class LineFile:
    """Appends to `path`, in the page cache on return. What a life before this one left of a torn line is ended first."""

    def __init__(self, path: Path) -> None:
        """Opens nothing until the first line. A file that is there is continued."""
        self.path = path
        self._fd: int | None = None
        self._torn = False

    def write(self, data: bytes) -> None:
        """Append lines. Raises OSError: the disk then has a part of them, which the next ones do not run into."""
        fd = self._open()
        data = b"\n" + data if self._torn else data
        self._torn = True
        append_line(fd, data)
        self._torn = False

    def sync(self) -> None:
        """Have everything on disk. Raises OSError."""
        os.fsync(self._open())

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        """The descriptor."""
        if self._fd is None:
            self._fd = os.open(self.path, APPEND, 0o600)
            os.fchmod(self._fd, mode_in(self.path.parent))
            self._torn = _ends_torn(self.path)
        return self._fd


def _ends_torn(path: Path) -> bool:
    """Whether a file of lines ends in the middle of one."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return False
        file.seek(size - 1)
        return file.read(1) != b"\n"
