"""No first step long after the start (rule T3)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import seconds
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds from the moment somebody watches."""

    timeout: float = 1200.0


class StartupTimeout(Rule):
    """Keeps when watching began, and whether a step has come."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._since = math.nan
        self._started = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("arrival times")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Any record says that the run has begun."""
        if self._started:
            return ()
        self._started = True
        return [(0, self._begun())]

    def progress(self, step: int, at: float) -> Judgement | None:  # noqa: ARG002
        """A step without a record."""
        if self._started or step <= 0:
            return None
        self._started = True
        return self._begun()

    def tick(self, now: float) -> Judgement | None:
        """Compare the wait with the timeout."""
        if self._started:
            return None
        self._since = now if math.isnan(self._since) else self._since
        waited = now - self._since
        if waited < self.settings.timeout:
            return ok(f"no step yet, for {seconds(waited)}")
        return fired(Severity.ORANGE, f"no step for {seconds(waited)} since watching began", (), "the first step would withdraw it")

    def restarted(self) -> Judgement | None:
        """The first step is waited for once more."""
        self._since, self._started = math.nan, False
        return ok("the job was started again", negated=True)

    def _begun(self) -> Judgement:
        return ok("the run has begun", negated=True)


KIND = Kind(
    name="startup_timeout",
    summary="no first step long after the start",
    needs="arrival times",
    settings=Settings,
    make=StartupTimeout,
    ladder={Severity.ORANGE: "notify"},
    lasting=True,
)
