"""The learning rates of a run as they are printed, beside those configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.model.schedule import FittedSchedule, Schedule
from trainwatch.rules.plan import Plan
from trainwatch.rules.schedule.configured import Configured, Found, configured, look_up
from trainwatch.rules.schedule.culprit import described, parameters, scheduler
from trainwatch.rules.schedule.fit import Hints, Result, fit
from trainwatch.rules.schedule.printed import MOST, Point, Printed

TOLERANCE = 0.02
"""A rate this far from the configured one, as a share of the peak, is another one."""

LOOK_LIMIT = 3.0
"""Units hidden by the print that a deviation must exceed."""


@dataclass(frozen=True, slots=True)
class Look:
    """One record that was looked at: `row` in its block, `seen` rates so far. `plan` and `expected` are None where not known.

    `rising` says that every rate so far was above the one before. `deviation` is the distance from the expected rate as a share of the peak; `limit` is how much of it the print or a count that
    begins elsewhere explains.
    """

    row: int
    seen: int
    point: Point
    plan: Configured | None
    expected: float | None
    deviation: float
    limit: float
    rising: bool = False

    @property
    def warms_up(self) -> bool:
        """Whether rates have only risen so far, and nothing says for how long they are to."""
        return self.rising and self.plan is not None and self.plan.warmup is None


class Detective:
    """Keeps a bounded choice of the printed rates. Equal logs give equal looks, however they are cut into blocks."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._plan = Plan(facts)
        self._printed = Printed()
        self._found: Found | None = None
        self._changes = -1
        self._configured: Configured | None = None
        self._block: Block | None = None
        self._looks: list[Look] = []
        self._newest = -1.0
        self._rising = True
        self._summary: tuple[int, int, Schedule | None] = (-1, -1, None)

    def looks(self, block: Block) -> list[Look]:
        """The records of a block that are looked at; the same answer to every rule that asks."""
        return self._looks if block is self._block else []

    def observe(self, block: Block) -> None:
        """Take in train or info records, whose steps only rise."""
        self._block, self._looks = block, []
        rates = block.columns.get("learning_rate")
        if rates:
            self._looks = [self._look(block, row) for row in self._known(block)]

    def _known(self, block: Block) -> Iterator[int]:
        """Rows to be looked at that have a finite rate and a step."""
        rates = block.columns["learning_rate"]
        for row in self._printed.looked_at(len(block)):
            step, rate = block.step(row), rates[row]
            if step is not None and 0 <= rate < MOST:
                self._printed.add(float(step), rate, block.format)
                yield row

    def go_back(self, step: float, *, anew: bool) -> None:
        """Records from `step` on come again, or all begins anew."""
        if anew:
            self._printed = Printed()
            self._newest, self._rising = -1.0, True
        else:
            self._printed.go_back(step)

    def _look(self, block: Block, row: int) -> Look:
        """A record beside what is configured where it stands."""
        printed = self._printed
        step, rate = printed.steps[-1], printed.rates[-1]
        point = Point(step, rate, printed.notation.hidden(rate))
        self._rising, self._newest = self._rising and rate > self._newest, rate
        self._plan.move(block, row)
        found = self._look_up()
        epoch = block.epoch(row)
        unsure = self._configured is not None and self._configured.batches is None
        if found != self._found or unsure:
            self._found, self._configured = found, configured(found, point, epoch, printed.steps[0])
        plan = self._configured
        expected = plan.expected(step, rate) if plan is not None else None
        deviation, limit = _deviation(plan, point)
        return Look(row, len(printed.steps), point, plan, expected, deviation, limit, self._rising)

    def _look_up(self) -> Found:
        """What the configuration says where the record stands; asked again only when it may say something else."""
        changes = self._facts.changes if self._plan.is_whole else -1
        if self._found is None or changes < 0 or changes != self._changes:
            self._changes = changes
            return look_up(self._plan)
        return self._found

    @property
    def decimals(self) -> int:
        """The most decimals that a rate has shown so far."""
        return self._printed.notation.decimals

    # --- the fit ------------------------------------------------------------------------------------------------------------

    def points(self, seen: int) -> list[Point]:
        """A choice of the first `seen` rates."""
        return self._printed.points(seen)

    def fitted(self, look: Look) -> Result | None:
        """The schedule that the rates up to a look follow; None when nothing can be told yet."""
        plan, found = look.plan, self._found
        total = plan.total if plan is not None else None
        if total is None and found is not None and isinstance(found[4], float):
            total = found[4]
        return fit(self.points(look.seen), hints(plan, total))

    def summary(self) -> Schedule | None:
        """All rates read so far beside all that is configured, wherever it stands; None when no rate was printed."""
        key = len(self._printed.steps), self._facts.told
        if self._summary[:2] != key:
            self._summary = (*key, self._summarised())
        return self._summary[2]

    def _summarised(self) -> Schedule | None:
        points = self.points(len(self._printed.steps))
        if not points:
            return None
        found = look_up(Plan(self._facts))
        plan = configured(found, points[-1], None, points[0].step)
        total = found[4] if isinstance(found[4], float) else None
        result = fit(points, hints(plan, total))
        return Schedule(_published(result, len(points)) if result is not None else None, _mismatch(plan, points))


def hints(plan: Configured | None, total: float | None) -> Hints:
    """What the configuration tells a fit."""
    if plan is None:
        return Hints(total)
    return Hints(total or plan.total, plan.warmup, plan.peak, tuple(dict.fromkeys(shape.scale for shape in plan.shapes)))


def _published(result: Result, points: int) -> FittedSchedule:
    """The fit as reports see it."""
    found = result.fit
    return FittedSchedule(
        found.shape.family,
        parameters(found),
        found.max_error,
        found.exact,
        result.identified,
        points,
        scheduler(found),
        described(found),
    )


def _deviation(plan: Configured | None, point: Point) -> tuple[float, float]:
    """(how far a rate is from the configured one as a share of the peak, how far it may be)."""
    expected = plan.expected(point.step, point.rate) if plan is not None else None
    if plan is None or plan.peak is None or expected is None:
        return 0.0, TOLERANCE
    return abs(point.rate - expected) / plan.peak, max(TOLERANCE, LOOK_LIMIT * point.hidden / plan.peak)


def _mismatch(plan: Configured | None, points: list[Point]) -> bool | None:
    """Whether three rates in a row are not the configured ones; None without a configured schedule."""
    if plan is None or plan.peak is None:
        return None
    in_row = 0
    for point in points:
        deviation, limit = _deviation(plan, point)
        in_row = in_row + 1 if deviation > limit else 0
        if in_row == 3:
            return True
    return False
