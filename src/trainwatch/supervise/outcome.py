"""How a run ended, for whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.errors import NotReadableError
from trainwatch.store import runfile, statefile
from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile
from trainwatch.supervise import spawn, terms
from trainwatch.supervise.job import Job

UNKNOWN = 125
"""The exit code of a run whose own nobody knows."""

PERIOD = 1.0
"""Seconds between looks at processes."""

PATIENCE = 5.0
"""Seconds that a supervisor may be missing after the end: the shim starts a new one sooner."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run: its state, a sentence, and the exit code for it."""

    state: str
    text: str
    exit_code: int


class Waiter:
    """Looks again and again whether a run has ended. The supervisor has the last word; without one shim and processes tell."""

    def __init__(self, run_dir: RunDir) -> None:
        """Raises NotReadableError when run.json cannot be read."""
        run = runfile.load(run_dir)
        self._dir = run_dir
        self._job = Job(run_dir, run.info.sources, attached=terms.of(run).attached, job_id=run.info.job_id)
        self._looked = 0.0
        self._over_since: float | None = None

    def look(self, now: float) -> Outcome | None:
        """How the run ended; None while it goes on. `now` in Unix seconds."""
        kept = self.state()
        if kept is not None and kept.extra.get("final"):
            return _stopped(kept) if kept.state == "stopped" else _own(kept.state, kept.exit_code)
        if 0 <= now - self._looked < PERIOD:
            return None
        self._looked = now
        return self._alone(now)

    def _alone(self, now: float) -> Outcome | None:
        """The end of a job that nobody supervises."""
        if spawn.supervised(self._dir) or not self._job.ended():
            self._over_since = None
            return None
        self._over_since = now if self._over_since is None else self._over_since
        if now - self._over_since < PATIENCE:
            return None
        kept = self.state()
        if kept is not None and kept.stop.machine == "stopped":
            return _stopped(kept)
        code = self._job.exit_code()
        return _own("lost" if code is None else "failed" if code else "done", code)

    def failure(self, since: float) -> Outcome | None:
        """A save or stop that failed or got stuck after `since`, in Unix seconds, while the job goes on."""
        kept = self.state()
        if kept is None or kept.stop.machine not in ("failed", "stuck") or not kept.stop.since >= since or kept.stop.exit_code is None:
            return None
        return Outcome(kept.state, kept.stop.text, kept.stop.exit_code)

    def without_files(self, status: int) -> Outcome:
        """The end of a run that could write nothing: the shim's own status."""
        return _own("failed" if status else "done", 128 - status if status < 0 else status)

    def state(self) -> StateFile | None:
        """What the supervisor last wrote; None before that, and while it makes no sense."""
        try:
            return statefile.load(self._dir)
        except NotReadableError:
            return None


def _stopped(kept: StateFile) -> Outcome:
    """The end of a job that we stopped."""
    return Outcome("stopped", kept.stop.text, UNKNOWN if kept.stop.exit_code is None else kept.stop.exit_code)


def _own(state: str, code: int | None) -> Outcome:
    """The end of a job that was not stopped by us."""
    if code is None and state in ("done", "failed"):
        return Outcome(state, "the job ended", int(state == "failed"))
    if code is None:
        return Outcome(state, "the job is gone, and nobody knows its exit status", UNKNOWN)
    return Outcome(state, f"the job ended with exit code {code}", code)
