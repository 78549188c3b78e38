"""The learning rate is printed as zero (rule L2)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.schedule.detective import Look
from trainwatch.rules.schedule.printed import hidden_by


@dataclass(frozen=True, slots=True)
class Settings:
    """`records` in a row are orange: a zero in scientific notation is one, and one in decimals is where the configured rate would show.

    Where only the decimals may hide a rate (`0.0000`), it is yellow; where the configured rate is below half a unit of the last one, no
    alarm. Red: the train loss has not fallen by `fall` over `steps` of it.
    Before step `start` (warm-up begins at zero) and after `end` of the run (decay ends there) all is well. So it is for a share of
    `decayed_records` of the run when the rate before was `decayed` of its peak: the schedule has come to its end.
    """

    records: int = 3
    start: int = 100
    end: float = 0.98
    decayed: float = 0.02
    decayed_records: float = 0.05
    fall: float = 0.01
    steps: int = 200


class LrZero(Rule):
    """Keeps how many records in a row printed a zero."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._in_row = 0
        self._records = 0
        self._known = False
        self._peak = 0.0
        self._last = 0.0
        self._zero = ""
        self._since: tuple[int, float] | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a learning rate")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:
        """Only what holds a learning rate."""
        return kind in ("train", "info") and "learning_rate" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Quick while no rate is zero."""
        rates = block.columns.get("learning_rate") if block.kind in ("train", "info") else None
        if rates is None:
            return ()
        extremes = block.extremes("learning_rate")
        if not self._in_row and extremes is not None and extremes[0] > 0:
            self._records += len(rates)
            self._peak, self._last = max(self._peak, extremes[1]), rates[-1]
            first, self._known = not self._known, True
            return [(0, ok("the learning rate is not zero"))] if first else ()
        return list(self._rows(block, history))

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        """Record by record."""
        looks = {look.row: look for look in history.schedule.looks(block)}
        for row, rate in enumerate(block.columns["learning_rate"]):
            first, self._known = not self._known, True
            self._records += 1
            was, self._in_row = self._in_row, self._in_row + 1 if rate == 0 else 0
            if rate:
                self._peak, self._last, self._since = max(self._peak, rate), rate, None
            else:
                self._zero = block.zero_rate or self._zero
                self._since = self._since or _loss(block, row)
            if self._in_row and self._in_row >= self.settings.records and not self._expected(block, row, history, looks.get(row)):
                yield row, self._found(block, row, history, looks.get(row))
            elif not self._in_row and (was or first):
                yield row, ok("the learning rate is not zero", negated=bool(was))

    def _expected(self, block: Block, row: int, history: History, look: Look | None) -> bool:
        """Whether a schedule may be at zero here, or so near that the print cannot show it."""
        if look is not None and look.expected is not None:
            hidden = hidden_by(self._zero, block.format, history.schedule.decimals)
            if look.expected <= (hidden or 0.0) or (self._peak and look.expected <= look.point.hidden):
                return True
        history.plan.move(block, row)
        step, total = block.step(row), history.plan.steps_at("total_steps", block, row)
        at = step if step is not None else self._records
        if 0 < self._last <= self.settings.decayed * self._peak and self._in_row <= self.settings.decayed_records * self._records:
            return True
        return at < self.settings.start or bool(total and step is not None and step >= self.settings.end * total)

    def _found(self, block: Block, row: int, history: History, look: Look | None) -> Judgement:
        """The sentence, with what the format can and cannot hide."""
        step, epoch = block.step(row), block.epoch(row)
        expected = look.expected if look is not None else None
        hidden = hidden_by(self._zero, block.format, history.schedule.decimals)
        severity = Severity.YELLOW if hidden and not expected else Severity.ORANGE
        why = f"learning_rate is printed as {self._zero or '0'} in {self._in_row} records in a row{place(step, epoch)}: "
        if hidden == 0:
            why += "formatting cannot explain this: it is not the optimizer's rate (a stale or first parameter group), or the schedule has ended"
        elif hidden:
            why += f"below {figure(hidden, 1)}, which is all that its decimals can show"
            why += ", or not the optimizer's rate, or the schedule has ended" if expected else "; print it in scientific notation"
        else:
            why += "it is below what the format can show, or not the optimizer's rate (a stale or first parameter group), or the schedule has ended"
        if expected:
            why += f"; the configured schedule gives {figure(expected)} here"
        if severity is Severity.ORANGE and (flat := self._flat(block, row)):
            severity, why = Severity.RED, f"{why}; {flat}"
        evidence = Evidence("learning_rate", 0.0, step, epoch, block.source, block.attempt, block.line(row))
        return fired(severity, why, (evidence,), "a learning rate above zero would withdraw it")

    def _flat(self, block: Block, row: int) -> str:
        """That the train loss has not fallen since the first of the zeros; empty where it has, or too little is known."""
        now = _loss(block, row)
        if now is None or self._since is None:
            return ""
        (begun, first), (step, loss) = self._since, now
        if step - begun < self.settings.steps or loss <= first - self.settings.fall * abs(first):
            return ""
        return f"and the train loss, {figure(loss)}, has not fallen from {figure(first)} at step {begun}"


def _loss(block: Block, row: int) -> tuple[int, float] | None:
    """The step and train loss of a record; None when one is not known."""
    losses, step = block.columns.get("loss"), block.step(row)
    return (step, losses[row]) if losses is not None and step is not None and math.isfinite(losses[row]) else None


KIND = Kind(
    name="lr_zero",
    summary="the learning rate is printed as zero in the midst of the run",
    needs="a learning rate",
    settings=Settings,
    make=LrZero,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify", Severity.RED: "notify"},
    lasting=True,
)
