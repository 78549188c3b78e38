"""Fold finished logs, as if they arrived now, without arrival times."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.kept import Keeper
from trainwatch.replay.layout import layout
from trainwatch.rules.preset import Preset
from trainwatch.sources.finished import chunks
from trainwatch.sources.naming import called

LARGE = 16 << 20
"""The C library gives the memory of a piece of log back at once, and asks for it again for the next piece, until it has seen a block so
large come and go: a third of the time of reading."""


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
        for path in paths[max(len(read) - 1, 0) :]:
            for chunk in chunks(path, start=read.get(str(path), (1, 0))[1]):
                if chunk.final and path is paths[-1]:
                    keeper.set_aside(engine)
                engine.feed(replace(chunk, attempt=attempts[str(path)]))
    return engine


@contextmanager
def collector_paused() -> Iterator[None]:
    """Bulk reading makes millions of objects and no cycles: the collector only costs time."""
    _have_memory_kept()
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def _have_memory_kept() -> None:
    """Once in a process is enough, and a view that looks ten times a second comes here each time."""
    bytes(LARGE)
