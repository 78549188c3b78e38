"""Warm-up that nobody asked for, or that takes too much of the run (rule L4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.schedule.configured import Configured
from trainwatch.rules.schedule.detective import Look


@dataclass(frozen=True, slots=True)
class Settings:
    """A warm-up, configured or printed, longer than `share` of the run is yellow; so are `records` that rise where none is configured."""

    share: float = 0.2
    records: int = 2


class WarmupAnomaly(Rule):
    """Keeps for how many records, from the first on, the rate has only risen."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._known = False
        self._over = False
        self._rising = 0
        self._last = -1.0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a learning rate and total_steps or a configured schedule")

    def went_back(self, *, anew: bool) -> None:
        """A run that begins anew warms up anew."""
        if anew:
            self._over, self._rising, self._last = False, 0, -1.0

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds a learning rate."""
        return "learning_rate" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Nothing to do once warm-up is over."""
        return () if self._over or "learning_rate" not in block.columns else list(self._rows(block, history))

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        """Record by record, until the rate no longer rises."""
        for look in history.schedule.looks(block):
            plan = look.plan
            rose, self._last = look.point.rate > self._last, look.point.rate
            if plan is None or plan.peak is None:
                continue
            self._rising = self._rising + 1 if rose else 0
            self._over = not rose
            yield from self._judge(look, plan, plan.peak, block)
            if self._over:
                return

    def _judge(self, look: Look, plan: Configured, peak: float, block: Block) -> Iterator[tuple[int, Judgement]]:
        """One of two anomalies, else that there is none."""
        first, self._known = not self._known, True
        step, epoch = block.step(look.row), block.epoch(look.row)
        share = look.point.step * min(shape.scale for shape in plan.shapes) / plan.total if plan.total else 0.0
        planned = plan.warmup / plan.total if plan.warmup and plan.total else 0.0
        below = look.point.rate < 0.98 * peak
        if plan.warmup == 0 and self._rising >= self.settings.records and below:
            why = f"learning_rate {figure(look.point.rate)}{place(step, epoch)} still rises to {figure(peak)}, though no warm-up is configured"
        elif planned > self.settings.share and first:
            why = f"warm-up is to take {plan.warmup:g} of {plan.total:g} steps, {percent(planned)} of the run"
        elif share > self.settings.share and below and self._rising >= self.settings.records:
            why = (
                f"learning_rate {figure(look.point.rate)}{place(step, epoch)} still rises to {figure(peak)} at {percent(share)} of the run"
            )
        else:
            if first:
                yield look.row, pending("warm-up goes on") if self._rising and below else ok("no warm-up")
            elif self._over:
                yield look.row, ok("warm-up is as configured", holds=Severity.YELLOW)
            return
        evidence = Evidence("learning_rate", look.point.rate, step, epoch, block.source, block.attempt, block.line(look.row))
        yield look.row, fired(Severity.YELLOW, why, (evidence,), "nothing: it has happened")


KIND = Kind(
    name="warmup_anomaly",
    summary="warm-up that is not configured, or takes too much of the run",
    needs="a learning rate and its configured schedule",
    settings=Settings,
    make=WarmupAnomaly,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
