"""Who looks at a run and could say no: a file each in `views/`, renewed as long as the screen is open."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from trainwatch.model.errors import NotWrittenError
from trainwatch.store.files import write_json
from trainwatch.store.rundir import RunDir

PERIOD = 5.0
"""Seconds between two renewals."""

GONE = 4 * PERIOD
"""Seconds without a renewal after which a view is gone: it was killed, or its machine was."""


class Presence:
    """A view that a person can call a stop off from. A run directory that cannot be written is looked at all the same."""

    def __init__(self, run_dir: RunDir) -> None:
        self._path = run_dir.view(f"{os.uname().nodename}-{os.getpid()}")
        self._next = 0.0

    def renew(self, at: float) -> None:
        """Say that somebody is there, when it is time to. `at` in seconds that never go back."""
        if self._next and at < self._next:
            return
        self._next = at + PERIOD
        with suppress(OSError, NotWrittenError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            write_json(self._path, {"v": 1, "pid": os.getpid(), "host": os.uname().nodename})

    def leave(self) -> None:
        """Nobody looks any more."""
        with suppress(OSError):
            self._path.unlink()


class Attendance:
    """The supervisor's look at them. Times of files are compared with themselves only: their machine's clock may differ from ours."""

    def __init__(self, run_dir: RunDir) -> None:
        self._folder = run_dir.views
        self._seen: dict[str, tuple[int, float]] = {}

    def anybody(self, now: float) -> bool:
        """Whether a view was renewed of late."""
        times = dict(self._times())
        self._seen = {
            name: before if (before := self._seen.get(name)) is not None and before[0] == changed else (changed, now)
            for name, changed in times.items()
        }
        return any(0 <= now - since < GONE for _, since in self._seen.values())

    def _times(self) -> list[tuple[str, int]]:
        """(name, modification in ns) of every view."""
        found = []
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                if entry.name.endswith(".json") and not entry.name.startswith("."):
                    with suppress(OSError):
                        found.append((entry.name, Path(entry.path).lstat().st_mtime_ns))
        return found
