"""Files of torch.save: zip archives whose directory stands at the end, so that a file that is not whole has none.

Nothing is unpickled and no tensor is read. Layout: caffe2/serialize/inline_container.h of PyTorch.
"""

from __future__ import annotations

import os
import struct
import zipfile
from typing import Any, BinaryIO

from trainwatch.checkpoints import pickled

END = struct.Struct("<4s4H2LH")
"""The end of a directory: signature, two disk numbers, two counts, size and offset of the directory, length of a comment."""

ENTRY_HEADER = 30
"""Bytes before an entry's name; name, padding and contents follow."""

LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
DIRECTORY_LIMIT = 64 << 20


class _Torn(Exception):  # noqa: N818
    """What is wrong, as text."""


def fault(file: BinaryIO) -> str | None:
    """Why a file is not whole; None when it is. Reads only the directory at its end."""
    try:
        start = _directory(file)
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            entries = sorted(archive.infolist(), key=lambda e: e.header_offset)
        _entries(entries, start)
    except _Torn as torn:
        return str(torn)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError, struct.error):
        return "not whole: its directory cannot be read"
    return None


def values(file: BinaryIO) -> dict[Any, Any]:
    """What a file that `fault` has found to be whole holds by name, tensors as a `pickled.Thing`. Raises `pickled.NotPlain`, OSError."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        entry = next(e for e in archive.infolist() if e.filename.endswith("/data.pkl"))
        if entry.file_size > pickled.LIMIT:
            raise pickled.NotPlain(f"its pickle is larger than {pickled.LIMIT >> 20} MiB")
        value = pickled.read(archive.read(entry))
    if not isinstance(value, dict):
        raise pickled.NotPlain("it holds no values by name")
    return value


def _directory(file: BinaryIO) -> int:
    """Where the directory begins; it must reach exactly to its end mark, and that to the end of the file."""
    size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise _Torn("empty")
    magic = file.read(2)
    if magic == b"\x80\x02":
        raise _Torn("a torch file of the old kind, without a directory: nothing proves that it is whole")
    if magic != b"PK":
        raise _Torn("not a file of torch.save")
    at = size - END.size
    signature, *_, length, start, comment = END.unpack(_read(file, at, END.size))
    if signature != b"PK\5\6" or comment:
        raise _Torn("cut short, or still being written: no directory at its end")
    at, length, start = _directory64(file, at) or (at, length, start)
    if start + length != at or length > DIRECTORY_LIMIT:
        raise _Torn("not whole: its directory is not where it should be")
    return int(start)


def _directory64(file: BinaryIO, at: int) -> tuple[int, int, int] | None:
    """The end mark of 64 bits, which PyTorch always writes: where it stands, the directory's length and start. None without one."""
    signature, _, end, _ = LOCATOR.unpack(_read(file, at - LOCATOR.size, LOCATOR.size))
    if signature != b"PK\6\7":
        return None
    if end + END64.size + LOCATOR.size != at:
        raise _Torn("not whole: its directory is not where it should be")
    signature, *_, length, start = END64.unpack(_read(file, end, END64.size))
    if signature != b"PK\6\6":
        raise _Torn("not whole: its directory is not where it should be")
    return end, length, start


def _read(file: BinaryIO, at: int, length: int) -> bytes:
    """Bytes at a position."""
    if at < 0:
        raise _Torn("cut short, or still being written: no directory at its end")
    file.seek(at)
    data = file.read(length)
    if len(data) < length:
        raise _Torn("it changed while it was looked at")
    return data


def _entries(entries: list[zipfile.ZipInfo], end: int) -> None:
    """Entries must be stored as they are, fit between each other and the directory, and hold what torch.load needs."""
    if not any(e.filename.endswith("/data.pkl") for e in entries):
        raise _Torn("not a file of torch.save: no data.pkl in it")
    if entries[0].header_offset != 0:
        raise _Torn("not whole: it does not begin with its first entry")
    bounds = [*(e.header_offset for e in entries[1:]), end]
    for entry, bound in zip(entries, bounds, strict=True):
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise _Torn(f"not a file of torch.save: {entry.filename!r} is compressed")
        if entry.header_offset + ENTRY_HEADER + len(entry.orig_filename) + entry.file_size > bound:
            raise _Torn(f"not whole: {entry.filename!r} does not fit")
