"""Whether a log still begins with the bytes that were read from it, without reading them all again."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

WINDOWS = 64
WINDOW = 64
"""So many windows of so many bytes are compared, spread over what was read."""

LAST = 256
"""The newest bytes that were read are compared too: a log that was begun anew differs there."""

OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The first `size` bytes of a file. `modified` in nanoseconds is its time of change when it ended there, 0 when it was longer."""

    device: int
    inode: int
    size: int
    modified: int
    digest: str


def fingerprint(path: Path | str, size: int) -> Fingerprint | None:
    """The fingerprint of the first `size` bytes; None when the file cannot be read, or is shorter."""
    try:
        fd = os.open(path, OPEN)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_size < size:
            return None
        return Fingerprint(status.st_dev, status.st_ino, size, status.st_mtime_ns if status.st_size == size else 0, _digest(fd, size))
    except OSError:
        return None
    finally:
        os.close(fd)


def is_unchanged(path: Path | str, seen: Fingerprint, *, whole: bool = False) -> bool:
    """Whether the file still holds what was seen, possibly with more behind it; with `whole` nothing more.

    A file that was written to without getting longer has changed, wherever that was.
    """
    now = fingerprint(path, seen.size)
    if now is None or (now.device, now.inode, now.digest) != (seen.device, seen.inode, seen.digest):
        return False
    return now.modified in (0, seen.modified) and not (whole and now.modified == 0)


def _digest(fd: int, size: int) -> str:
    """A digest of windows spread over the first `size` bytes, and of the last of them."""
    digest = hashlib.blake2b(digest_size=16)
    for number in range(WINDOWS):
        digest.update(os.pread(fd, min(WINDOW, size), number * max(size - WINDOW, 0) // WINDOWS))
    last = min(size, LAST)
    digest.update(os.pread(fd, last, size - last))
    return digest.hexdigest()
