"""Where the rest of a log went that was rotated away: a file beside it, renamed, copied or packed, that holds what was read last."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.sources.finished import chunks
from trainwatch.sources.naming import parse
from trainwatch.sources.readable import is_packed

_TURN = re.compile(r"[.-](?:\d{1,4}|\d{8}(?:[-_T]?\d{2,6})?)(?:\.gz)?|\.gz")

MOST = 16
"""Files beside a log that are looked into, the newest first."""

Known = Callable[[bytes], bool]
"""Whether these are the bytes that were read last."""


def rest_of(path: Path, offset: int, marked: int, known: Known) -> Iterator[bytes] | None:
    """What a rotated part of a log holds behind `offset`, in pieces, and all of the parts that came after it.

    None when no file beside the log holds the `marked` bytes before.
    A part is `name.1`, `name.1.gz`, `name-20260101` and the like.
    """
    if not marked:
        return None
    parts = _beside(path)
    for other in parts:
        pieces = _behind(other, offset, marked)
        try:
            if known(next(pieces, b"")):
                return chain(pieces, *map(_whole, _later(other, parts)))
        except (NotFoundError, NotReadableError):
            continue
    return None


def _later(part: Path, parts: Iterable[Path]) -> list[Path]:
    """The parts that were rotated away after one, by their names, the oldest first; each once, packed or not."""
    turns = {parse(other).turn: other for other in parts}
    return [turns[turn] for turn in sorted(turns) if turn > parse(part).turn]


def _whole(path: Path) -> Iterator[bytes]:
    """All of a part, in pieces. Raises NotFoundError or NotReadableError."""
    return (chunk.data for chunk in chunks(path))


def _beside(path: Path) -> list[Path]:
    """Files whose names go on where the log's ends, the newest first."""
    try:
        with os.scandir(path.parent) as entries:
            found = [entry for entry in entries if _is_part(entry.name, path.name) and entry.is_file()]
        found.sort(key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
    except OSError:
        return []
    return [Path(entry.path) for entry in found[:MOST]]


def _is_part(name: str, log: str) -> bool:
    """Whether a name is that of a rotated part."""
    return name.startswith(log) and _TURN.fullmatch(name, len(log)) is not None


def _behind(path: Path, offset: int, marked: int) -> Iterator[bytes]:
    """First the marked bytes before an offset, then what follows it. Raises NotFoundError or NotReadableError."""
    begin = offset - marked
    before: bytes | None = b""
    for chunk in chunks(path, start=0 if is_packed(path) else begin):
        data = chunk.data[max(begin - chunk.offset, 0) :]
        if before is None:
            yield data
            continue
        before += data
        if len(before) >= marked:
            yield before[:marked]
            yield before[marked:]
            before = None
