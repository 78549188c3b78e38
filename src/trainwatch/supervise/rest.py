"""How long the supervisor rests between two turns: a cheap look now and then tells what cannot wait."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from trainwatch.model.clock import Clock
from trainwatch.store.rundir import RunDir

LOOK = 0.1
"""Seconds between looks; between turns while a save or a stop is under way."""

GATHER = 0.5
"""Seconds for which the lines of a log are gathered: a turn costs the same for one line and for ten."""

LONGEST = 1.0
"""Seconds between turns at most: rules look at the clock, and a network filesystem may tell late that a folder has changed."""

Look = tuple[tuple[int, int], ...]


class Rest:
    """The pauses of one supervisor. A request, an answer of the job and its end are noticed at the next look."""

    def __init__(self, run_dir: RunDir, logs: Collection[str], clock: Clock, *, woken: Callable[[], bool]) -> None:
        """`woken` tells that the rest is over whatever else is due."""
        self._calls = tuple(map(os.fspath, (run_dir.requests, run_dir.control, run_dir.exit)))
        self._logs = tuple(map(os.fspath, map(Path, logs)))
        self._clock = clock
        self._woken = woken
        self._called: Look = ()
        self._grown: Look = ()

    def begin_turn(self) -> None:
        """Remember what the world looks like before a turn, so that what comes during it is not missed."""
        self._called, self._grown = _look(self._calls), _look(self._logs)

    def wait(self, pause: float = LOOK) -> None:
        """Rest, with a look every `pause` seconds, until a turn is due."""
        begun = self._clock.monotonic()
        rested = 0.0
        while rested < LONGEST and not self._woken() and not self._due(rested):
            self._clock.sleep(min(pause, LONGEST - rested))
            rested = self._clock.monotonic() - begun

    def _due(self, rested: float) -> bool:
        """Whether a turn is due after so many seconds."""
        return _look(self._calls) != self._called or (rested >= GATHER and _look(self._logs) != self._grown)


def _look(paths: Collection[str]) -> Look:
    """(modification in ns, size) of each; (0, 0) of what is not there. Compared only with an earlier look."""
    return tuple(map(_mark, paths))


def _mark(path: str) -> tuple[int, int]:
    """What tells whether a file or folder has changed."""
    try:
        status = os.stat(path)  # noqa: PTH116  ten times a second
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
