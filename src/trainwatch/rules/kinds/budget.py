"""The device hours of a run against what the user allows (rule W1)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure
from trainwatch.rules.guard import planned_steps
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """Device hours (wall-clock hours times devices); 0 is no budget.

    Orange, from `after` of the budget on: they will be passed at this pace. Red: they are.
    """

    gpu_hours: float = 0.0
    after: float = 0.1


class Budget(Rule):
    """Keeps when the run began, how far it is, and how many devices and steps the configuration names."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._since = math.nan
        self._first: tuple[int, float] | None = None
        self._newest: tuple[int, float] | None = None
        self._devices = 1.0
        self._total: float | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("arrival times") if self.settings.gpu_hours else ok("no budget is set (gpu_hours)")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Note the configuration."""
        if self.settings.gpu_hours:
            self._devices = history.plan.number("gpus") or history.plan.number("world_size") or 1.0
            self._total = planned_steps(history)
        return ()

    def progress(self, step: int, at: float) -> None:
        """Note the pace."""
        self._first = self._first or (step, at)
        self._newest = (step, at)

    def tick(self, now: float) -> Judgement | None:
        """Compare what was used, and what will be, with the budget."""
        s = self.settings
        if not s.gpu_hours:
            return None
        self._since = now if math.isnan(self._since) else self._since
        start = min(self._since, self._first[1]) if self._first is not None else self._since
        used = (now - start) / 3600 * self._devices
        words = f"{figure(used, 3)} of {figure(s.gpu_hours)} device hours are used ({figure(self._devices)} devices)"
        evidence = (Evidence("step", float(self._newest[0]), self._newest[0]),) if self._newest else ()
        if used >= s.gpu_hours:
            return fired(Severity.RED, f"{words}: the budget is spent", evidence, "a larger budget")
        ahead = used + self._ahead()
        if ahead > s.gpu_hours and used >= s.after * s.gpu_hours:
            return fired(Severity.ORANGE, f"{words}; the whole run will take {figure(ahead, 3)} at this pace", evidence, "a faster pace")
        return ok(words, holds=Severity.ORANGE if ahead > s.gpu_hours else None)

    def _ahead(self) -> float:
        """Device hours to the end, 0 where it is not known."""
        if self._first is None or self._newest is None or self._newest[0] <= self._first[0] or not self._total:
            return 0.0
        pace = (self._newest[1] - self._first[1]) / (self._newest[0] - self._first[0])
        return max(self._total - self._newest[0], 0.0) * pace / 3600 * self._devices


KIND = Kind(
    name="budget",
    summary="the device hours of a run against what the user allows",
    needs="arrival times, and a budget",
    settings=Settings,
    make=Budget,
    ladder={Severity.ORANGE: "notify", Severity.RED: "notify"},
    lasting=True,
)
