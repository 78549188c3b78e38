"""Fold finished logs, as if they arrived now, without arrival times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trainwatch.engine.bulk import collector_paused
from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.ahead import ahead_of
from trainwatch.replay.kept import Keeper
from trainwatch.replay.layout import layout
from trainwatch.rules.preset import Preset
from trainwatch.sources.finished import chunks
from trainwatch.sources.naming import called


def fold_files(
    paths: Sequence[Path],
    *,
    preset: Preset,
    stated: Mapping[str, Given] | None = None,
    formats: Sequence[str] | None = None,
) -> Engine:
    """Read every file to its end, one after the other, as the sources of one run; of a large one that was read before, what is new.

    Raises NotFoundError or NotReadableError for a file that cannot be read.
    """
    names = tuple(str(path) for path in paths)
    parts = layout(paths) if len(paths) > 1 else ()
    attempts = {part.source: part.attempt for part in parts} or {names[0]: 1}
    name = called(paths[0]) if parts else paths[0].stem
    info = RunInfo(name, name, names, parts=parts)
    paths = [Path(name) for name in attempts]
    engine = Engine(preset, info, stated=stated, formats=formats)
    keeper = Keeper(paths, in_turn=True)
    with collector_paused():
        read = keeper.take_up(engine)
        rest = _chunks(paths[max(len(read) - 1, 0) :], attempts, {source: offset for source, (_, offset) in read.items()})
        with ahead_of(rest, engine.readers) as come:
            for chunk in come:
                if chunk.final and chunk.source == str(paths[-1]):
                    keeper.set_aside(engine)
                engine.feed(chunk)
    return engine


def _chunks(paths: Sequence[Path], attempts: Mapping[str, int], starts: Mapping[str, int]) -> Iterator[Chunk]:
    """The bytes of every file from where it was read to, one file after the other."""
    for path in paths:
        yield from (replace(chunk, attempt=attempts[str(path)]) for chunk in chunks(path, start=starts.get(str(path), 0)))
