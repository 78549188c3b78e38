"""A run of ours that was read before: what was kept of its arrivals, beside them.

What arrived is kept as it was read then: a log that was truncated since, as by a requeue, is not missed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from trainwatch.engine.engine import Engine
from trainwatch.replay.kept import WORTH, file_name, packed, unpack, words
from trainwatch.sources.fingerprint import Fingerprint, fingerprint, is_unchanged
from trainwatch.store import columns
from trainwatch.store.arrivals import Recorded
from trainwatch.store.openrun import ended
from trainwatch.store.rundir import RunDir

MOST = 12 << 20
"""Bytes of columns in a run directory, which stays below 20 MB in all; what is larger goes to the user's cache."""

ARRIVALS_WORTH = 256 << 10
"""Bytes of arrivals that must be new for a fold to be kept while the run goes on."""


class RunKeeper:
    """Takes up what was kept of a run, and keeps what a fold of its arrivals came to. Nothing here raises."""

    def __init__(self, run_dir: RunDir, *, environ: Mapping[str, str] | None = None) -> None:
        self._dir = run_dir
        self._folders = {run_dir.columns: MOST, columns.cache_home(os.environ if environ is None else environ): columns.MOST}
        self._said: list[Any] | None = None
        self._had = (0, 0)

    def take_up(self, engine: Engine, recorded: Recorded) -> bool:
        """Give a new engine what was kept, and let the arrivals be read on behind it. Whether there was anything."""
        for path in self._paths(engine):
            header = columns.read_header(path)
            if header is None or header.get("words") != self._words(engine) or not self._still(header):
                continue
            kept, before = columns.read(path), recorded.state()
            with suppress(KeyError, TypeError, ValueError):
                recorded.restore(header["recorded"])
                if kept is not None and unpack(engine, kept):
                    self._had = recorded.offset, engine.size
                    _touch(path)
                    return True
            recorded.restore(before)
        return False

    def set_aside(self, engine: Engine, recorded: Recorded) -> bool:
        """Keep the fold of the arrivals read so far, when enough of it is new, or the run is over. Whether it was kept."""
        arrivals, logs = recorded.offset - self._had[0], engine.size - self._had[1]
        if arrivals <= 0 or (arrivals < ARRIVALS_WORTH and logs < WORTH and not ended(self._dir)):
            return False
        self._had = recorded.offset, engine.size
        seen = fingerprint(self._dir.arrivals, recorded.offset)
        if seen is None:
            return False
        header = {"words": self._words(engine), "arrivals": list(astuple(seen)), "recorded": recorded.state()}
        content = packed(engine, header)
        return content is not None and any(columns.write(path, content, most=self._folders[path.parent]) for path in self._paths(engine))

    def _paths(self, engine: Engine) -> Iterator[Path]:
        """Where the fold may be kept, in order of preference."""
        name = file_name(self._words(engine))
        return (folder / name for folder in self._folders)

    def _words(self, engine: Engine) -> list[Any]:
        """All that a fold depends on but the inputs; worked out once."""
        if self._said is None:
            self._said = [*words(engine), str(self._dir.path.absolute())]
        return self._said

    def _still(self, header: Mapping[str, Any]) -> bool:
        """Whether the arrivals still begin with what was read of them."""
        try:
            return is_unchanged(self._dir.arrivals, Fingerprint(*header["arrivals"]))
        except (KeyError, TypeError):
            return False


def _touch(path: Path) -> None:
    """It was used now."""
    with suppress(OSError):
        os.utime(path)
