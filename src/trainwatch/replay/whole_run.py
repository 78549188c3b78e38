"""A run of ours, folded to its end at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.replay.bulk import collector_paused
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
