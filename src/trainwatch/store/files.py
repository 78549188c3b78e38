"""Small JSON files that are whole or absent, and never another user's."""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from trainwatch.model.errors import NotReadableError, NotWrittenError

LIMIT = 64 << 10
"""Bytes of a file that is read as a whole; a larger one is refused."""

READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Put a whole JSON object in place of `path`, durable on return, readable by who may read its folder.

    Numbers that are not finite become "nan", "inf", "-inf". Raises NotWrittenError; the old file is then still there.
    """
    scratch = path.with_name(f".{path.name}.{unique()}")
    try:
        _write_new(scratch, encode(value))
        os.replace(scratch, path)  # noqa: PTH105  the pair of fsync and replace reads best in one language
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise not_written(path, error) from error


def read_json(path: Path, limit: int = LIMIT) -> dict[str, Any] | None:
    """The JSON object in a regular file of at most `limit` bytes; None when there is no file.

    Raises NotReadableError for a symlink, a folder, a pipe, a file that is too large, or anything that is not a JSON object.
    """
    data = read_bytes(path, limit)
    if data is None:
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotReadableError(f"{path}: is not JSON ({error})") from error
    if not isinstance(value, dict):
        raise NotReadableError(f"{path}: holds no JSON object")
    return value


def read_bytes(path: Path, limit: int = LIMIT) -> bytes | None:
    """The content of a regular file of at most `limit` bytes; None when there is no file. Raises NotReadableError."""
    fd = open_regular(path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NotReadableError(f"{path}: is larger than {limit} bytes")
    return data


def open_regular(path: Path) -> int | None:
    """A descriptor to read a regular file; None when there is no file.

    Raises NotReadableError for a symlink, a folder, a pipe, and what we have no right to.
    """
    try:
        fd = os.open(path, READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = "is a symlink, which is not followed here" if error.errno == errno.ELOOP else error.strerror
        raise NotReadableError(f"{path}: {reason}") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotReadableError(f"{path}: is not a regular file")
    return fd


def unique() -> str:
    """Eight letters and digits that no other file has; `secrets` would say it at five milliseconds a start."""
    return os.urandom(4).hex()


def encode(value: object) -> bytes:
    """Compact JSON on one line of ASCII, without its newline. Numbers that are not finite become strings that `float` reads."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, separators=(",", ":")).encode()


def _finite(value: object) -> object:
    """The same value, in which every number that is not finite is a string."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def append_line(fd: int, data: bytes) -> None:
    """Write all bytes; a short write is an error, as on a disk that is just full. Raises OSError."""
    written = os.write(fd, data)
    if written != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. A filesystem that cannot is left alone."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def not_written(path: Path, error: OSError) -> NotWrittenError:
    """What to tell the user when a file of a run cannot be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    todo = "; free some space" if full else ""
    return NotWrittenError(f"{path}: {error.strerror or error}{todo}. Training is not affected")


def mode_in(folder: Path) -> int:
    """The mode of a file of ours: for its user alone, or, where the folder was opened to the group by `--share`, for the group to read."""
    return 0o600 | folder.stat().st_mode & 0o040


def _write_new(path: Path, data: bytes) -> None:
    """Create a file of ours with this content, on disk when it returns."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(fd, mode_in(path.parent))
        append_line(fd, data + b"\n")
        os.fsync(fd)
    finally:
        os.close(fd)
