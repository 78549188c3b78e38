"""Whatever a target names, folded to its end at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import FactValue
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.kept_run import RunKeeper
from trainwatch.replay.recorded import unsupervised
from trainwatch.replay.run import collector_paused, fold_files
from trainwatch.replay.target import Target
from trainwatch.rules.preset import Preset
from trainwatch.sources.reread import Reread
from trainwatch.store import runfile
from trainwatch.store.arrivals import Recorded
from trainwatch.store.copies import Copied
from trainwatch.store.rundir import RunDir

PIPED = 128 << 10


def fold_target(
    target: Target,
    *,
    preset: Preset,
    stated: Mapping[str, FactValue] | None = None,
    formats: Sequence[str] | None = None,
) -> Engine:
    """Read logs, a pipe, or a run of ours with all that arrived in it. Raises NotFoundError or NotReadableError."""
    if target.run_dir is not None:
        return _fold_run(target.run_dir, preset, stated, formats)
    if target.pipe is None:
        return fold_files(target.logs, preset=preset, stated=stated, formats=formats)
    engine = Engine(preset, RunInfo(id="stdin", name="stdin", sources=("-",)), stated=stated, formats=formats)
    for chunk in _piped(target.pipe):
        engine.feed(chunk)
    return engine


def _fold_run(run_dir: RunDir, preset: Preset, stated: Mapping[str, FactValue] | None, formats: Sequence[str] | None) -> Engine:
    """The arrivals of a run; its logs where nothing was written down."""
    run = runfile.load(run_dir)
    stated = {**run.stated, **(stated or {})}
    formats = formats if formats is not None else run.formats
    if not run_dir.arrivals.exists():
        return fold_files([Path(source) for source in run.info.sources], preset=preset, stated=stated, formats=formats)
    engine = Engine(preset, run.info, stated=stated, formats=formats)
    fetch = Reread()
    recorded, keeper = Recorded(run_dir.arrivals, fetch, Copied(run_dir.copies)), RunKeeper(run_dir)
    with collector_paused():
        keeper.take_up(engine, recorded)
        for item in recorded.read():
            engine.feed(item)
        keeper.set_aside(engine, recorded)
        for item in unsupervised(run_dir, run, recorded):
            engine.feed(item)
    fetch.close()
    return engine


def _piped(descriptor: int) -> Iterator[Chunk]:
    """A pipe to its end, then an empty final chunk."""
    offset = 0
    while data := os.read(descriptor, PIPED):
        yield Chunk("-", offset, data)
        offset += len(data)
    yield Chunk("-", offset, b"", final=True)
