"""A target as blocks of records, for verbs that read it from start to end and judge nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts

if TYPE_CHECKING:
    from trainwatch.model.inputs import Chunk
    from trainwatch.replay.target import Target

PIPED = 128 << 10


def read_blocks(words: Sequence[str], facts: Facts, names: Sequence[str] | None) -> Iterator[Block]:
    """Every block of what the words name, source after source. Raises NotFoundError, NotReadableError; UsageError for a format."""
    from trainwatch.replay.run import collector_paused
    from trainwatch.replay.target import resolve

    with collector_paused():
        for chunks in _sources(resolve(words, os.environ)):
            reader: Reader | None = None
            for chunk in chunks:
                if reader is None:
                    reader = Reader(chunk.source, facts=facts, attempt=chunk.attempt, names=names)
                yield from reader.feed(chunk.data, chunk.offset, final=chunk.final, seen_at=chunk.seen_at)


def _sources(target: Target) -> Iterator[Iterator[Chunk]]:
    """The chunks of each source: of logs, of a pipe, or of the logs of a run of ours."""
    from trainwatch.sources.finished import chunks
    from trainwatch.store import runfile

    if target.pipe is not None:
        yield _piped(target.pipe)
    logs = target.logs if target.run_dir is None else tuple(map(Path, runfile.load(target.run_dir).info.sources))
    for path in logs:
        yield chunks(path)


def _piped(descriptor: int) -> Iterator[Chunk]:
    """A pipe to its end."""
    from trainwatch.model.inputs import Chunk

    offset = 0
    while data := os.read(descriptor, PIPED):
        yield Chunk("-", offset, data)
        offset += len(data)
    yield Chunk("-", offset, b"", final=True)
