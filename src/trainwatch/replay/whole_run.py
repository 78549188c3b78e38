"""A run of ours to its end at once: folded, or read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from trainwatch.engine.attempts import Attempts
from trainwatch.engine.bulk import collector_paused
from trainwatch.engine.engine import Engine
from trainwatch.engine.streams import Streams
from trainwatch.model.block import Block
from trainwatch.model.facts import Facts, Given
from trainwatch.model.inputs import Chunk, Joined
from trainwatch.model.part import Part
from trainwatch.replay.kept_run import RunKeeper
from trainwatch.replay.recorded import unsupervised
from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import Preset
from trainwatch.sources.reread import Reread
from trainwatch.store import runfile
from trainwatch.store.arrivals import Recorded
from trainwatch.store.copies import Copied
from trainwatch.store.rundir import RunDir


def fold_run(run_dir: RunDir, preset: Preset, stated: Mapping[str, Given] | None, formats: Sequence[str] | None) -> Engine:
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


def read_run(run_dir: RunDir, facts: Facts, formats: Sequence[str] | None) -> Iterator[Block]:
    """The records of a run in the order in which they came: also those that the logs have lost since, by a requeue or a rotation."""
    run = runfile.load(run_dir)
    streams = Streams(run.info.parts or tuple(map(Part, run.info.sources)), facts, formats if formats is not None else run.formats)
    attempts, fetch = Attempts(), Reread()
    recorded = Recorded(run_dir.arrivals, fetch, Copied(run_dir.copies))
    with collector_paused():
        for item in chain(recorded.read(), unsupervised(run_dir, run, recorded)):
            if isinstance(item, Chunk):
                attempts.arrive(item)
                yield from streams.read(item, attempts.number(item.source, item.attempt))
            elif isinstance(item, Joined):
                streams.join(item.parts)
        yield from streams.release()
    fetch.close()
