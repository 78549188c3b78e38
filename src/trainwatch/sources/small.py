"""Small files, and the beginnings of large ones, whatever lies there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A pipe of that name must not keep us waiting."""


def beginning(path: Path, size: int) -> bytes:
    """The first bytes of a file; nothing when it cannot be read, or is no file."""
    return _read(path, size)[0]


def small(path: Path, size: int) -> bytes | None:
    """All of a file of at most so many bytes; None when it is larger, cannot be read, or is no file."""
    data, length = _read(path, size)
    return data if data and length <= size else None


def _read(path: Path, size: int) -> tuple[bytes, int]:
    """(the first bytes of a plain file, its length)."""
    try:
        fd = os.open(path, OPEN)
    except (OSError, ValueError):
        return b"", 0
    try:
        status = os.fstat(fd)
        return (os.pread(fd, size, 0), status.st_size) if stat.S_ISREG(status.st_mode) else (b"", 0)
    except OSError:
        return b"", 0
    finally:
        os.close(fd)
