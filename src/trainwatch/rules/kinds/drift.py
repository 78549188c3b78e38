"""A metric leaves the level at which it began: entropy that collapses or explodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.noise import median
from trainwatch.rules.windows import Windows


@dataclass(frozen=True, slots=True)
class Settings:
    """The median of every `window` records, as a share of that of the first window.

    Below `low_yellow` or above `high_yellow` is yellow, beyond the other two orange; 0 is no limit. `about` is what the sentence adds.
    """

    metrics: tuple[str, ...] = ("entropy", "actor/entropy_loss", "actor/entropy")
    low_yellow: float = 0.1
    low_orange: float = 0.02
    high_yellow: float = 3.0
    high_orange: float = 10.0
    window: int = 20
    about: str = ""


class Drift(Rule):
    """Keeps the median of the first window."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._windows = Windows(settings.window)
        self._first = 0.0
        self._first_at: Evidence | None = None
        self._known = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind(" or ".join(self.settings.metrics) or "a metric")

    def went_back(self, *, anew: bool) -> None:
        """A new start has a level of its own."""
        self._windows.clear()
        if anew:
            self._first_at = None

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds the metric."""
        return any(name in columns for name in self.settings.metrics)

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Judge every window."""
        name = next((n for n in self.settings.metrics if n in block.columns), "")
        if not name or block.kind == "eval":
            return ()
        known, self._known = self._known, True
        return [*([] if known else [(0, pending("the first window is being filled"))]), *self._windowed(block, name)]

    def _windowed(self, block: Block, name: str) -> Iterator[tuple[int, Judgement]]:
        for row, values in self._windows.fill(block.columns[name]):
            if not values:
                continue
            if self._first_at is None:
                self._first, self._first_at = median(values), printed(block, name, row)
                yield row, ok(f"{name} begins at {figure(self._first)}")
            elif self._first > 0:
                yield row, self._judge(block, name, row, median(values), self._first_at)

    def _judge(self, block: Block, name: str, row: int, now: float, first: Evidence) -> Judgement:
        s, share = self.settings, now / self._first
        severity = self._level(share)
        if severity is None:
            return ok(f"{name} is {figure(share, 2)} times what it was", negated=True)
        at = printed(block, name, row)
        why = f"{name} {figure(now)}, the median of {s.window} records,{place(at.step, at.epoch)} is {figure(share, 2)} times the first {figure(self._first)}"
        why += f": {s.about}" if s.about else ""
        return fired(severity, why, (at, first), f"a {name} back at the level of the start")

    def _level(self, share: float) -> Severity | None:
        s = self.settings
        if share < s.low_orange or (s.high_orange and share > s.high_orange):
            return Severity.ORANGE
        return Severity.YELLOW if share < s.low_yellow or (s.high_yellow and share > s.high_yellow) else None


KIND = Kind(
    name="drift",
    summary="a metric leaves the level at which it began",
    needs="the metric",
    settings=Settings,
    make=Drift,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
