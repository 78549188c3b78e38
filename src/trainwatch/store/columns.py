r"""Columns kept for the next attach: files that may vanish at any moment, and then are made anew.

    trainwatch columns 1\n
    {"key": …, "sources": …, …}\n            what the columns are of
    [lengths of the next two parts, checksum of both]\n
    JSON, then raw bytes

A file is ours alone (0600, in a folder of 0700) and is read only when nobody else could have written it. It is never executed or
unpickled: it is JSON and numbers.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

from trainwatch.model.errors import NotReadableError
from trainwatch.store.files import open_regular, unique

MAGIC = b"trainwatch columns 1\n"
SUFFIX = ".columns"

MOST = 1 << 30
"""Bytes that all kept columns of a user may take; the oldest give way."""

SHARE = 20
"""They never take more than one part in so many of what is free on the disk."""

HEADER = 64 << 10

Raw: TypeAlias = "bytes | memoryview | Any"


@dataclass(frozen=True, slots=True)
class Columns:
    """What a file holds. `raw` is the file as it was read, so it costs no copy."""

    header: Mapping[str, Any]
    state: Any
    raw: memoryview


def cache_home(environ: Mapping[str, str]) -> Path:
    """The folder of kept columns in the user's cache."""
    cache = environ.get("XDG_CACHE_HOME", "")
    base = Path(cache) if cache.startswith("/") else Path(environ.get("HOME") or "/tmp") / ".cache"  # noqa: S108  0700 below
    return base / "trainwatch" / "columns"


def read_header(path: Path) -> Mapping[str, Any] | None:
    """What the columns are of; None when there are none, or none of ours."""
    fd = _open(path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        head = file.read(HEADER)
    return _header(head)


def read(path: Path) -> Columns | None:
    """The columns in a file; None when there are none, or they are damaged, larger than any that are kept, or not ours."""
    fd = _open(path)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as file:
        return parse(memoryview(file.read())) if os.fstat(fd).st_size <= MOST else None


def parse(data: memoryview) -> Columns | None:
    """The columns in the content of a file; None when they are damaged."""
    try:
        header, (lengths, body) = _header(bytes(data[:HEADER])), _body(data)
        if header is None or crc32(body) != lengths[2]:
            return None
        return Columns(header, json.loads(bytes(body[: lengths[0]])), body[lengths[0] :])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def encode(header: Mapping[str, object], state: object, raw: Iterable[Raw]) -> list[Raw]:
    """The content of a file, in parts."""
    parts = [memoryview(part).cast("B") for part in raw]
    text = json.dumps(state, allow_nan=False, separators=(",", ":")).encode()
    check = crc32(text)
    for part in parts:
        check = crc32(part, check)
    lengths = [len(text), sum(map(len, parts)), check]
    return [MAGIC + json.dumps(header).encode() + b"\n" + json.dumps(lengths).encode() + b"\n", text, *parts]


def write(path: Path, content: Iterable[Raw], *, most: int = MOST) -> bool:
    """Keep what `encode` gave; False when it is too large, or the disk is full or read-only: then nothing is kept and the old file is gone."""
    parts = list(content)
    scratch = path.with_name(f".{path.stem}.{unique()}{SUFFIX}")
    try:
        _make_folder(path.parent)
        if sum(map(len, parts)) > min(most, _free(path.parent) // SHARE):
            path.unlink(missing_ok=True)
            return False
        _write_new(scratch, parts)
        os.replace(scratch, path)  # noqa: PTH105  as in store/files.py
        _make_room(path, most)
    except OSError:
        with suppress(OSError):
            scratch.unlink()
        return False
    return True


def _open(path: Path) -> int | None:
    """A descriptor of a file that only we can have written; None when there is none."""
    try:
        fd = open_regular(path)
    except NotReadableError:
        return None
    if fd is not None:
        status = os.fstat(fd)
        if status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return fd
        os.close(fd)
    return None


def _header(head: bytes) -> Mapping[str, Any] | None:
    """The header of a file that begins like this."""
    end = head.find(b"\n", len(MAGIC))
    if not head.startswith(MAGIC) or end < 0:
        return None
    try:
        header = json.loads(head[len(MAGIC) : end])
    except (ValueError, RecursionError):
        return None
    return header if isinstance(header, dict) else None


def _body(data: memoryview) -> tuple[list[int], memoryview]:
    """([length of JSON, of raw bytes, checksum], both). Raises ValueError when the file is shorter than it says."""
    head = bytes(data[: HEADER + 200])
    second = head.index(b"\n", head.index(b"\n", len(MAGIC)) + 1) + 1
    lengths = json.loads(head[head.rindex(b"\n", 0, second - 1) + 1 : second])
    body = data[second:]
    if len(body) != lengths[0] + lengths[1]:
        raise ValueError("torn")
    return lengths, body


def _make_folder(folder: Path) -> None:
    """A folder of ours alone."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(folder)


def _free(folder: Path) -> int:
    """Bytes free for us on the disk of a folder."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _write_new(path: Path, parts: Iterable[Raw]) -> None:
    """Create a file of ours with this content."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb", buffering=1 << 20) as file:
        for part in parts:
            file.write(part)


def _make_room(newest: Path, most: int) -> None:
    """Remove the files that were not used for longest until all of them take at most `most` bytes; the newest stays."""
    files = sorted(((f.stat().st_mtime, f.stat().st_size, f) for f in newest.parent.glob(f"*{SUFFIX}")), reverse=True)
    total = 0
    for _, size, file in files:
        total += size
        if total > most and file != newest:
            file.unlink(missing_ok=True)
