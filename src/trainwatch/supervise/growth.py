"""Logs that come to lie in the folders of a run that is supervised: ranks that start later, and parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from trainwatch.model.inputs import Joined
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.sources.naming import job, parse
from trainwatch.sources.target import present

PERIOD = 5.0
"""Seconds between looks."""


class Growth:
    """Looks in folders and patterns. A log is the run's when its name says that it is of the same job: another job's may lie beside it."""

    def __init__(self, words: Sequence[str]) -> None:
        """`words` are absolute; without any nothing is looked for."""
        self._words = tuple(words)
        self._looked = math.nan

    def look(self, run: RunInfo, now: float) -> list[Joined]:
        """What has come since `run` was told last; at most every `PERIOD`. `now` in Unix seconds."""
        if not self._words or 0 <= now - self._looked < PERIOD:
            return []
        self._looked = now
        known = set(run.sources)
        found = dict.fromkeys(log.resolve() for word in self._words for log in present(word))
        new = [part for log in found if str(log) not in known and (part := _part(log, run)) is not None]
        before = run.parts or tuple(Part(source, 1, parse(Path(source)).rank) for source in run.sources)
        return [Joined(round(now, 3), (*before, *new))] if new else []


def _part(log: Path, run: RunInfo) -> Part | None:
    """The log as a part of the run; None when it is another job's."""
    name = parse(log)
    kin = next((source for source in run.sources if job(Path(source)) == name.job), None)
    return None if kin is None else Part(str(log), run.attempt_of(kin) - parse(Path(kin)).again + name.again, name.rank)
