"""The learning rate is printed as zero (rule L2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.schedule.detective import Look


@dataclass(frozen=True, slots=True)
class Settings:
    """`records` in a row are orange.

    A zero that the decimals shown so far explain is no alarm: the configured rate is below half a unit of the last one.
    Before step `start` (warm-up begins at zero) and after `end` of the run (decay ends there) all is well. So it is for a share of
    `decayed_records` of the run when the rate before was `decayed` of its peak: the schedule has come to its end.
    """

    records: int = 3
    start: int = 100
    end: float = 0.98
    decayed: float = 0.02
    decayed_records: float = 0.05


class LrZero(Rule):
    """Keeps how many records in a row printed a zero."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._in_row = 0
        self._records = 0
        self._known = False
        self._peak = 0.0
        self._last = 0.0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a learning rate")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Quick while no rate is zero."""
        rates = block.columns.get("learning_rate") if block.kind in ("train", "info") else None
        if rates is None:
            return ()
        if not self._in_row and all(rates):
            self._records += len(rates)
            self._peak, self._last = max(self._peak, *rates), rates[-1]
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
                self._peak, self._last = max(self._peak, rate), rate
            if self._in_row and self._in_row >= self.settings.records and not self._expected(block, row, history, looks.get(row)):
                yield row, self._found(block, row, looks.get(row))
            elif not self._in_row and (was or first):
                yield row, ok("the learning rate is not zero", negated=bool(was))

    def _expected(self, block: Block, row: int, history: History, look: Look | None) -> bool:
        """Whether a schedule may be at zero here, or so near that the print cannot show it."""
        if look is not None and look.expected is not None and self._peak and look.expected <= look.point.hidden:
            return True
        history.plan.move(block.source, block.line(row))
        step, total = block.step(row), history.plan.number("total_steps")
        at = step if step is not None else self._records
        if 0 < self._last <= self.settings.decayed * self._peak and self._in_row <= self.settings.decayed_records * self._records:
            return True
        return at < self.settings.start or bool(total and step is not None and step >= self.settings.end * total)

    def _found(self, block: Block, row: int, look: Look | None) -> Judgement:
        """The sentence."""
        step, epoch = block.step(row), block.epoch(row)
        why = (
            f"learning_rate is printed as 0 in {self._in_row} records in a row{place(step, epoch)}: it is below what the format can show, "
            "or not the optimizer's rate (a stale or first parameter group), or the schedule has ended"
        )
        if look is not None and look.expected:
            why += f"; the configured schedule gives {figure(look.expected)} here"
        evidence = Evidence("learning_rate", 0.0, step, epoch, block.source, block.attempt, block.line(row))
        return fired(Severity.ORANGE, why, (evidence,), "a learning rate above zero would withdraw it")


KIND = Kind(
    name="lr_zero",
    summary="the learning rate is printed as zero in the midst of the run",
    needs="a learning rate",
    settings=Settings,
    make=LrZero,
    ladder={Severity.ORANGE: "notify"},
    lasting=True,
)
