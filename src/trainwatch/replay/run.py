"""Fold finished logs, as if they arrived now, without arrival times."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import FactValue
from trainwatch.model.snapshot import RunInfo
from trainwatch.rules.preset import Preset
from trainwatch.sources.finished import chunks


def fold_files(
    paths: Sequence[Path],
    *,
    preset: Preset,
    stated: Mapping[str, FactValue] | None = None,
    formats: Sequence[str] | None = None,
) -> Engine:
    """Read every file to its end, one after the other, as the sources of one run.

    Raises NotFoundError or NotReadableError for a file that cannot be read.
    """
    names = tuple(str(path) for path in paths)
    engine = Engine(preset, RunInfo(id=paths[0].stem, name=paths[0].stem, sources=names), stated=stated, formats=formats)
    with collector_paused():
        for path in paths:
            for chunk in chunks(path):
                engine.feed(chunk)
    return engine


@contextmanager
def collector_paused() -> Iterator[None]:
    """Bulk reading makes millions of objects and no cycles: the collector only costs time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
