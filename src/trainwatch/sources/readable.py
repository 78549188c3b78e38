"""Open a log for reading, or say why it cannot be one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError

OPEN = os.O_RDONLY | os.O_CLOEXEC
SAMPLE = 4 << 10
HEAD = 64
GZIP = b"\x1f\x8b"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
CONTROLS = bytes(set(range(32)) - set(b"\0\a\b\t\n\v\f\r\x1b")) + b"\x7f"

MOST_CONTROLS = 0.05
"""The share of control characters above which bytes are no text: a log has almost none, random bytes have a tenth."""


def open_log(path: Path) -> int:
    """A descriptor of a log. Raises NotFoundError, or NotReadableError for a folder, a device, a binary file, and without permission."""
    try:
        fd = os.open(path, OPEN)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such file") from error
    except OSError as error:
        raise NotReadableError(f"{path}: {error.strerror}") from error
    try:
        _check(path, fd)
    except OSError as error:
        os.close(fd)
        raise NotReadableError(f"{path}: {error.strerror}") from error
    except NotReadableError:
        os.close(fd)
        raise
    return fd


def _check(path: Path, fd: int) -> None:
    """Refuse what is not a log."""
    status = os.fstat(fd)
    if stat.S_ISDIR(status.st_mode):
        raise NotReadableError(f"{path}: is a directory")
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
        raise NotReadableError(f"{path}: is a device, not a log")
    if stat.S_ISREG(status.st_mode) and looks_binary(fd, status.st_size):
        raise NotReadableError(f"{path}: is binary, not a log")


def looks_binary(fd: int, size: int) -> bool:
    """Whether the beginning or the middle of a file is no text. Holes of NULs, UTF-16 with its mark, and gzip are text."""
    head = os.pread(fd, SAMPLE, 0)
    if head.startswith((GZIP, *UTF16)):
        return False
    if b"\0" in head.lstrip(b"\0")[:HEAD].rstrip(b"\0"):
        return True
    return any(_controls(sample) > MOST_CONTROLS for sample in (head, os.pread(fd, SAMPLE, size // 2)))


def is_log(path: Path) -> bool:
    """Whether a file can be read as a log."""
    try:
        os.close(open_log(path))
    except (NotFoundError, NotReadableError):
        return False
    return True


def length(path: Path | str) -> int:
    """The present length of a file in bytes, 0 when it is not there."""
    try:
        return os.stat(path).st_size  # noqa: PTH116  a name will do
    except OSError:
        return 0


def is_packed(path: Path) -> bool:
    """Whether a file is gzip."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(len(GZIP)) == GZIP
    except OSError:
        return False


def _controls(sample: bytes) -> float:
    """The share of control characters that no terminal output has."""
    text = sample.replace(b"\0", b"")
    return (len(text) - len(text.translate(None, CONTROLS))) / len(text) if text else 0.0
