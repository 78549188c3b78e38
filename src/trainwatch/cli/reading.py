"""A target as blocks of records, for verbs that read it from start to end and judge nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.engine.streams import Streams
from trainwatch.formats.reader import Reader
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.model.part import Part

if TYPE_CHECKING:
    from trainwatch.model.inputs import Chunk
    from trainwatch.replay.target import Target


def read_blocks(
    words: Sequence[str], facts: Facts, names: Sequence[str] | None, *, alone: bool = False, only: AbstractSet[str] = frozenset()
) -> Iterator[Block]:
    """Every block of what the words name, source after source, of a run of ours as they came; with `only`, columns of other names may be left out.

    Raises NotFoundError, NotReadableError; UsageError for a format.
    """
    from trainwatch.replay.target import resolve

    target = resolve(words, os.environ, alone=alone)
    if target.run_dir is not None and target.run_dir.arrivals.exists():
        from trainwatch.replay.whole_run import read_run

        return read_run(target.run_dir, facts, names)
    return blocks_of(_parts(target), facts, names, only=only, pipe=target.pipe)


def blocks_of(
    parts: Sequence[Part], facts: Facts, names: Sequence[str] | None, *, only: AbstractSet[str] = frozenset(), pipe: int | None = None
) -> Iterator[Block]:
    """The same of sources, or of the descriptor of a pipe."""
    from trainwatch.engine.bulk import collector_paused
    from trainwatch.replay.ahead import ahead_of
    from trainwatch.sources.finished import piped

    readers = {(p.source, p.attempt): Reader(p.source, facts=facts, attempt=p.attempt, names=names, only=only) for p in parts}
    streams = Streams(parts, facts, names, readers)
    with collector_paused(), ahead_of(_chunks(parts) if pipe is None else piped(pipe), readers) as chunks:
        for chunk in chunks:
            yield from streams.read(chunk)
        yield from streams.release()


def _parts(target: Target) -> tuple[Part, ...]:
    """The sources in the order in which they are read: logs, or those of a run of ours."""
    from trainwatch.store import runfile

    if target.run_dir is None:
        return target.parts or tuple(Part(str(log)) for log in target.logs)
    run = runfile.load(target.run_dir).info
    return run.parts or tuple(map(Part, run.sources))


def _chunks(parts: Sequence[Part]) -> Iterator[Chunk]:
    """The bytes of every source, one after the other."""
    from trainwatch.sources.finished import chunks

    for part in parts:
        yield from (replace(chunk, attempt=part.attempt) for chunk in chunks(Path(part.source)))
