"""A log that has ended, from its first byte to its last."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk
from trainwatch.sources.readable import GZIP, open_log

CHUNK = 128 << 10


def chunks(path: Path, source: str | None = None) -> Iterator[Chunk]:
    """The chunks of a file, plain or gzip, then an empty one that is final. Arrival times are unknown.

    `source` is the name in chunks, the path by default. Offsets count uncompressed bytes. A gzip file that is still being written ends
    where it ends now. Raises NotFoundError, or NotReadableError, also for damaged gzip.
    """
    name = str(path) if source is None else source
    offset = 0
    with open(open_log(path), "rb", buffering=0) as raw:  # noqa: PTH123  a descriptor
        packed = raw.seekable() and os.pread(raw.fileno(), 2, 0) == GZIP
        read = closing(gzip.GzipFile(fileobj=raw)) if packed else closing(raw)
        with read as file:
            while data := _read(path, file.read):
                yield Chunk(name, offset, data)
                offset += len(data)
    yield Chunk(name, offset, b"", final=True)


def _read(path: Path, read: Callable[[int], bytes | None]) -> bytes:
    """The next bytes; none at the end."""
    try:
        return read(CHUNK) or b""
    except EOFError:
        return b""
    except (OSError, zlib.error) as error:
        raise NotReadableError(f"{path}: cannot be read to its end ({error})") from error
