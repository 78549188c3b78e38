"""A log that has ended, from its first byte to its last."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import cast

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk
from trainwatch.sources.readable import GZIP, open_log

CHUNK = 256 << 10
"""Bytes per chunk at most, as when a log is followed."""

WITH_HEADER = 31
"""What zlib calls the gzip format."""


def chunks(path: Path, source: str | None = None, *, start: int = 0) -> Iterator[Chunk]:
    """The chunks of a file, plain or gzip, then an empty one that is final. Arrival times are unknown.

    `source` is the name in chunks, the path by default. Offsets count uncompressed bytes; `start` leaves out what a plain file begins
    with. The NULs before the first byte, which a truncation leaves where its writer does not append, are left out too. A gzip file that is
    still being written ends where it ends now. Raises NotFoundError, or NotReadableError, also for damaged gzip.
    """
    name = str(path) if source is None else source
    offset, hole = start, 0
    with open(open_log(path), "rb", buffering=0) as file:  # noqa: PTH123  a descriptor
        raw = cast("RawIOBase", file)
        packed = raw.seekable() and os.pread(raw.fileno(), len(GZIP), 0) == GZIP
        if start:
            raw.seek(start)
        try:
            for data in _unpacked(raw) if packed else _pieces(raw):
                text = data if offset > hole else data.lstrip(b"\0")
                hole += len(data) - len(text)
                if text:
                    yield Chunk(name, offset + len(data) - len(text), text)
                offset += len(data)
        except (OSError, zlib.error) as error:
            raise NotReadableError(f"{path}: cannot be read to its end ({error})") from error
    yield Chunk(name, offset, b"", final=True)


def piped(descriptor: int) -> Iterator[Chunk]:
    """A pipe to its end, as the source `-`, then an empty final chunk. Arrival times are unknown."""
    offset = 0
    while data := os.read(descriptor, CHUNK):
        yield Chunk("-", offset, data)
        offset += len(data)
    yield Chunk("-", offset, b"", final=True)


def _pieces(raw: RawIOBase) -> Iterator[bytes]:
    """The bytes as they are."""
    while data := raw.read(CHUNK):
        yield data


def _unpacked(raw: RawIOBase) -> Iterator[bytes]:
    """The bytes of every member of a gzip file, as far as it goes."""
    stream = zlib.decompressobj(WITH_HEADER)
    rest = b""
    while data := rest or raw.read(CHUNK) or b"":
        if stream.eof:
            stream = zlib.decompressobj(WITH_HEADER)
        text = stream.decompress(data, CHUNK)
        rest = stream.unused_data.lstrip(b"\0") if stream.eof else stream.unconsumed_tail
        if text:
            yield text
    if not stream.eof and (text := stream.flush()):
        yield text
