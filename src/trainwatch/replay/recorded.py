"""A run of ours as inputs of the fold: what its supervisor wrote down, and the logs themselves once there is no supervisor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Chunk, Input
from trainwatch.replay.logs import LogInputs, Look, Written
from trainwatch.sources.reread import Reread
from trainwatch.store.arrivals import Recorded
from trainwatch.store.copies import Copied
from trainwatch.store.lock import Process, holder
from trainwatch.store.openrun import ended
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile

ORPHANED = 5.0
"""Seconds without a supervisor before a view reads the logs itself: the shim starts a new one sooner."""


class RunInputs:
    """Polls a run directory. When a supervisor comes back after the logs were read without it, `stale` says: fold anew."""

    def __init__(
        self, run_dir: RunDir, run: RunFile, *, now: float, written: Written, look: Look | None = None, patience: float = ORPHANED
    ) -> None:
        """`written` and `look` are as for `LogInputs`. `patience` in seconds is how long a new supervisor is waited for."""
        self._dir, self._run, self._patience = run_dir, run, patience
        self._written, self._look = written, look
        self._fetch = Reread()
        self.recorded = Recorded(run_dir.arrivals, self._fetch, Copied(run_dir.copies))
        self._own: LogInputs | None = None
        self._since = now
        self.stale = False
        self.trouble = ""

    @property
    def supervisor(self) -> Process | None:
        """Who supervises the run; None when nobody does. One on another machine is believed."""
        return _supervisor(self._dir)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come: the job is over and its supervisor has written its last word, or there is none."""
        return self._own.ended if self._own is not None else self._is_final and ended(self._dir)

    @property
    def is_alone(self) -> bool:
        """Whether what comes now is no longer what a supervisor wrote down."""
        return self._own is not None

    @property
    def _is_final(self) -> bool:
        """Whether the newest chunk of every source was its last."""
        return all(self.recorded.final.get(source, False) for source in self._run.info.sources)

    def orphaned(self, now: float) -> bool:
        """Whether nobody supervises the run, and has not for longer than a restart takes."""
        return self.supervisor is None and now - self._since >= self._patience

    @property
    def problems(self) -> tuple[str, ...]:
        """What was lost or cannot be read."""
        own = self._own.problems if self._own is not None else ()
        return (*self.recorded.caveats, *own, *((self.trouble,) if self.trouble else ()))

    def quiet_for(self, now: float) -> float:
        """Seconds since the newest byte that nobody supervised; 0 while someone does."""
        return self._own.quiet_for(now) if self._own is not None else 0.0

    def poll(self, now: float) -> Iterator[Input]:
        """What came since the last call."""
        try:
            for item in self.recorded.read():
                if self._own is not None and isinstance(item, Chunk):
                    self.stale = True
                    return
                self._since = now
                yield item
        except NotReadableError as error:
            self.trouble = str(error)
        if self.supervisor is not None or self.ended:
            self._since = now
            return
        over = ended(self._dir)
        if self._own is None and (over or self.orphaned(now)):
            self._own = _logs(self._run, self.recorded.ends, now=now, written=self._written, look=self._look)
        if self._own is not None:
            self._own.over = over
            yield from self._own.poll(now)

    def close(self) -> None:
        """Let go of everything."""
        self._fetch.close()
        if self._own is not None:
            self._own.close()


def unsupervised(run_dir: RunDir, run: RunFile, recorded: Recorded) -> Iterator[Input]:
    """What the logs hold behind the arrivals, which were read to their end; nothing while somebody supervises the run."""
    if _supervisor(run_dir) is not None:
        return
    logs = _logs(run, recorded.ends, now=math.nan, written=lambda _: False)
    logs.over = True
    yield from logs.poll(math.nan)
    logs.close()


def _supervisor(run_dir: RunDir) -> Process | None:
    """Who supervises a run; one on another machine is believed."""
    who = holder(run_dir.lock)
    return who if who is not None and who.alive() is not False else None


def _logs(run: RunFile, ends: Mapping[str, tuple[int, int]], *, now: float, written: Written, look: Look | None = None) -> LogInputs:
    """The logs of a run, from where the arrivals end."""
    starts = {source: (run.attempt, int(size)) for source, size in run.extra.get("starts", {}).items()}
    read = {source: end for source, end in ends.items() if end >= starts.get(source, (0, 0))}
    logs = list(map(Path, dict.fromkeys((*run.info.sources, *ends))))
    return LogInputs(logs, now=now, written=written, look=look, starts={**starts, **read}, parts=run.info.parts)
