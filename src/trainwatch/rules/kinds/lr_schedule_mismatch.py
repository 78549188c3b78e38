"""The printed learning rate is not the configured one (rule L1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.schedule.configured import Configured
from trainwatch.rules.schedule.culprit import described
from trainwatch.rules.schedule.detective import Look
from trainwatch.rules.schedule.fit import Result

GROWTH = 1.5
"""The printed schedule is looked for again once so many times as many rates are known."""

CLEAR_AFTER = 10
"""Records near the configured rate that withdraw it: two schedules may cross."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`records` in a row that differ by 2 % of the peak, and by more than the print hides, are orange.

    Two are enough where every step is printed and the rates so far are surely those of another family.
    """

    records: int = 3


class LrScheduleMismatch(Rule):
    """Keeps how far the newest records are apart, and what they follow instead.

    All are held against what the print is known to hide by now: a first `0.0` tells nothing of its digits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._in_row = 0
        self._apart: deque[float] = deque(maxlen=settings.records)
        self._said = ""
        self._fitted_at = 0
        self._culprit = ""
        self._last = -1.0
        self._tried = 0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a learning rate")

    def went_back(self, *, anew: bool) -> None:
        """A run that begins anew is another one."""
        self._in_row = 0
        self._apart.clear()
        if anew:
            self._fitted_at = self._tried = 0

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds a learning rate."""
        return "learning_rate" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Look at the records that the detective chose."""
        return list(self._rows(block, history)) if "learning_rate" in block.columns else ()

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        """Record by record; what does not change is said once."""
        for look in history.schedule.looks(block):
            if look.plan is None or look.plan.peak is None:
                yield from self._once("blind", look, blind("a configured schedule (learning_rate, lr_scheduler_type, total_steps)"))
                continue
            if look.warms_up:
                yield from self._once(
                    "warm-up", look, pending("the learning rate only rises so far, and nothing says for how long it is to")
                )
                continue
            self._apart.append(look.deviation)
            self._in_row = self._in_row + 1 if look.deviation > look.limit else 0
            follows, self._last = look.point.step == self._last + 1, look.point.step
            apart = len(self._apart) == self.settings.records and min(self._apart) > look.limit
            if apart or (follows and self._in_row == 2 and self._is_another(look, look.plan, history)):
                self._said, self._in_row = "", max(self._in_row, self.settings.records if apart else 2)
                yield look.row, self._found(look, block, history)
            elif self._in_row:
                continue
            elif look.deviation > look.limit / 2:
                yield look.row, ok("the learning rate is near the configured one", holds=Severity.ORANGE)
            elif self._said != "ok" or self._fitted_at:
                self._said = "ok"
                yield look.row, ok(f"the learning rate is the configured one ({look.plan.name})")

    def _is_another(self, look: Look, plan: Configured, history: History) -> bool:
        """Whether the rates so far are surely those of another family than the configured one."""
        if look.seen < GROWTH * self._tried:
            return False
        self._tried = look.seen
        result = history.schedule.fitted(look)
        return result is not None and result.identified and result.fit.shape.family != plan.shapes[0].family

    def _once(self, what: str, look: Look, judgement: Judgement) -> Iterator[tuple[int, Judgement]]:
        if self._said != what:
            self._said = what
            yield look.row, judgement

    def _found(self, look: Look, block: Block, history: History) -> Judgement:
        """The sentence, with the schedule that the printed rates follow."""
        if look.seen >= GROWTH * self._fitted_at or not self._fitted_at:
            self._fitted_at = look.seen
            result = history.schedule.fitted(look)
            self._culprit = _culprit(result) if result is not None else ""
        step, epoch = block.step(look.row), block.epoch(look.row)
        name = look.plan.name if look.plan is not None else ""
        expected = look.expected or 0.0
        why = (
            f"learning_rate is {figure(look.point.rate, 5)}{place(step, epoch)}, where the configured schedule ({name}) gives "
            f"{figure(expected, 5)}: {percent(look.deviation)} of the peak apart, for {self._in_row} records in a row{self._culprit}"
        )
        evidence = Evidence("learning_rate", look.point.rate, step, epoch, block.source, block.attempt, block.line(look.row))
        return fired(Severity.ORANGE, why, (evidence,), f"rates within {percent(look.limit / 2)} of the peak would withdraw it")


def _culprit(result: Result) -> str:
    """What the printed rates follow, as surely as it is known."""
    found = result.fit
    if found.exact:
        return f"; to the last digit the printed rates equal {described(found)} (largest error {figure(found.max_error, 2)})"
    if result.identified:
        return f"; the printed rates follow {described(found)} (largest error {figure(found.max_error, 2)})"
    return f"; nearest, though not sure: {described(found)}" if found.relative < 0.02 else ""


KIND = Kind(
    name="lr_schedule_mismatch",
    summary="the printed learning rate is not the configured one",
    needs="a learning rate and its configured schedule",
    settings=Settings,
    make=LrScheduleMismatch,
    ladder={Severity.ORANGE: "notify"},
    clear_after=CLEAR_AFTER,
    lasting=True,
)
