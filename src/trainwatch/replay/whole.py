"""Whatever a target names, folded to its end at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Given
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.run import fold_files
from trainwatch.replay.target import Target
from trainwatch.rules.preset import Preset
from trainwatch.sources.finished import piped


def fold_target(
    target: Target,
    *,
    preset: Preset,
    stated: Mapping[str, Given] | None = None,
    formats: Sequence[str] | None = None,
) -> Engine:
    """Read logs, a pipe, or a run of ours with all that arrived in it. Raises NotFoundError or NotReadableError."""
    if target.run_dir is not None:
        from trainwatch.replay.whole_run import fold_run  # noqa: PLC0415  a log is folded far more often

        return fold_run(target.run_dir, preset, stated, formats)
    if target.pipe is None:
        return fold_files(target.logs, preset=preset, stated=target.given(stated), formats=formats)
    engine = Engine(preset, RunInfo(id="stdin", name="stdin", sources=("-",)), stated=stated, formats=formats)
    for chunk in piped(target.pipe):
        engine.feed(chunk)
    return engine
