"""Output arrives, but nothing in it can be read any more (rule T9)."""

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
    """No record and no step for `timeout` seconds, while `bytes` or more arrived."""

    timeout: float = 1800.0
    bytes: int = 4096


class WatcherBlind(Rule):
    """Keeps when something readable came last, and how much has arrived since."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._since = math.nan
        self._size = 0
        self._step: int | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("arrival times")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Something was read."""
        if math.isnan(block.seen_at):
            return ()
        return [(0, self._read(block.seen_at))]

    def progress(self, step: int, at: float) -> Judgement | None:
        """A step was read."""
        before, self._step = self._step, step
        return self._read(at) if step != before else None

    def arrived(self, size: int, at: float, *, read: bool) -> Judgement | None:
        """Judge after every arrival."""
        if math.isnan(at):
            return None
        if read or math.isnan(self._since):
            self._since, self._size = at, 0
            return None
        self._size += size
        silent, s = at - self._since, self.settings
        if silent < s.timeout or self._size < s.bytes:
            return None
        why = f"{self._size} bytes have arrived in {seconds(silent)} without a record in them: whatever happens there, no rule sees it"
        return fired(Severity.ORANGE, why, (), "a record would withdraw it; a format file teaches a new line shape")

    def _read(self, at: float) -> Judgement:
        self._since, self._size = at, 0
        return ok("records are read", negated=True)


KIND = Kind(
    name="watcher_blind",
    summary="output arrives, but nothing in it can be read any more",
    needs="arrival times",
    settings=Settings,
    make=WatcherBlind,
    ladder={Severity.ORANGE: "notify"},
    lasting=True,
)
