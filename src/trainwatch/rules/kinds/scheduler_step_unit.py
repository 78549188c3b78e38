"""The scheduler counts in another unit than it was planned in (rule L3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.plan import Plan
from trainwatch.rules.schedule.configured import Configured, scales
from trainwatch.rules.schedule.detective import Look
from trainwatch.rules.schedule.measure import judged
from trainwatch.rules.schedule.printed import Point

NEAR = 0.02
"""A total this near to a multiple of the updates is that multiple."""

GROWTH = 1.25
"""It is judged again once so many times as many rates are known."""


@dataclass(frozen=True, slots=True)
class Settings:
    """After `records`, a time scale that fits `better` times as well as the planned one, and within `near` of the peak, is orange."""

    records: int = 4
    better: float = 5.0
    near: float = 0.01
    apart: float = 0.02


class SchedulerStepUnit(Rule):
    """Keeps when it judged last."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._due = settings.records
        self._said = ""
        self._begun = self._wrong = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a learning rate")

    def went_back(self, *, anew: bool) -> None:
        """A run that begins anew is another one."""
        if anew:
            self._due = self.settings.records
            self._begun = self._wrong = False

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Judge the plan at the first train record, then the rates at a few records, further and further apart."""
        if not self._begun and block.kind == "train":
            self._begun = True
            history.plan.move(block, 0)
            if why := misplanned(history.plan):
                self._wrong = True
                return [(0, fired(Severity.ORANGE, why, (), "nothing: it is planned so", subject="plan"))]
        if self._wrong or "learning_rate" not in block.columns:
            return ()
        return list(self._rows(block, history))

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        """Where it is due."""
        for look in history.schedule.looks(block):
            plan = look.plan
            if plan is None or plan.peak is None or not scales(plan):
                if self._said != "blind":
                    self._said = "blind"
                    yield look.row, blind("a configured schedule, and gradient_accumulation_steps or world_size")
            elif look.seen >= self._due and not look.warms_up:
                self._due, self._said = max(math.ceil(GROWTH * look.seen), look.seen + 1), ""
                yield look.row, self._judge(look, plan, plan.peak, block, history)

    def _judge(self, look: Look, plan: Configured, peak: float, block: Block, history: History) -> Judgement:
        """Every time scale that a mistake leads to, against the planned one."""
        points = history.schedule.points(look.seen)
        planned = _error(plan, peak, points, 1.0)
        error, factor, what = min((_error(plan, peak, points, factor), factor, what) for factor, what in scales(plan))
        s = self.settings
        if planned <= s.apart or error > s.near or planned < s.better * error:
            return ok("the scheduler counts in the unit it was planned in" if planned <= s.apart else "no other unit explains the rates")
        step, epoch = block.step(look.row), block.epoch(look.row)
        expected = look.expected or 0.0
        end = (plan.total or 0.0) / (factor * plan.shapes[0].scale)
        why = (
            f"learning_rate is {figure(look.point.rate)}{place(step, epoch)}, where the plan gives {figure(expected)}: {what} "
            f"(with this the rates agree within {percent(error)} of the peak, without it within {percent(planned)}); "
            f"the schedule ends at step {end:.0f}"
        )
        evidence = Evidence("learning_rate", look.point.rate, step, epoch, block.source, block.attempt, block.line(look.row))
        return fired(Severity.ORANGE, why, (evidence,), "rates that follow the plan in its own unit would withdraw it", subject=what)


def misplanned(plan: Plan) -> str:
    """What is wrong with the plan of a schedule before anything is printed; empty when nothing is, or too little is known.

    The updates of the run follow from samples, epochs, batch, processes and accumulation: a total that is a multiple of them counts
    something else.
    """
    total, warmup, step = plan.number("total_steps"), plan.number("warmup_steps"), plan.number("gradient_accumulation_steps") or 1.0
    if total and warmup and warmup > total > 1:
        unit = f", {figure(step)} of which are one" if step > 1 else ""
        return f"warm-up is planned for {warmup:g} steps, and the run has {total:g}: it is counted in something else than steps{unit}"
    needed = ("train_samples", "num_train_epochs", "per_device_train_batch_size", "world_size")
    known = [plan.number(name) for name in needed]
    samples, epochs, batch, world = (value or 0.0 for value in known)
    if not total or not all(known) or step * world <= 1:
        return ""
    updates = samples * epochs / (batch * world * step)
    for factor, unit in ((step, "micro-batches"), (world, "steps of all processes"), (step * world, "micro-batches of all processes")):
        if factor > 1 and abs(total / (updates * factor) - 1) < NEAR:
            return f"the schedule is planned over {total:g} steps, which are {unit}: the run has {updates:.0f} updates, so it ends after 1/{figure(factor)} of the schedule"
    return ""


def _error(plan: Configured, peak: float, points: Sequence[Point], factor: float) -> float:
    """The root mean squared distance from the plan at this time scale, as a share of the peak."""
    return min(judged(replace(shape, scale=shape.scale * factor), peak, points).relative for shape in plan.shapes)


KIND = Kind(
    name="scheduler_step_unit",
    summary="the scheduler is stepped, or was planned, in another unit than optimizer steps",
    needs="a learning rate, its configured schedule, gradient_accumulation_steps or world_size",
    settings=Settings,
    make=SchedulerStepUnit,
    ladder={Severity.ORANGE: "notify"},
    clear_after=1,
    lasting=True,
)
