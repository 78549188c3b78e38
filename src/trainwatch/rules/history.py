"""What every rule shares: the evaluations so far, the train loss between them, the best one."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import chain, islice
from typing import Any, TypeVar

from trainwatch.model.block import Block
from trainwatch.model.facts import Facts
from trainwatch.model.snapshot import Best, Evaluation
from trainwatch.model.verdict import Evidence
from trainwatch.rules.metric import Direction, direction, primary, profile
from trainwatch.rules.noise import Resolution, Trend, noise
from trainwatch.rules.plan import Plan
from trainwatch.rules.schedule.detective import Detective

T = TypeVar("T")

NEW_START = 0.1
"""A step that goes back to the first one, and below this share of the newest, is a new start in the same log."""

INTERVAL = 4096
"""Train records, the newest ones, over which the median of an interval is taken."""


@dataclass(frozen=True, slots=True)
class Point:
    """One evaluation as rules see it.

    `loss` is the primary metric turned so that lower is better. `train` and `gradient` are the printed records whose loss and
    gradient norm are the (lower) median since the evaluation before; the newest known ones when none lies between, else None. A train
    loss that the evaluation itself printed, over the same kind of batches, is preferred.
    `rate` is the newest learning rate.
    """

    evaluation: Evaluation
    loss: float
    train: Evidence | None
    gradient: Evidence | None
    rate: float | None

    @property
    def step(self) -> int | None:
        """The step of the evaluation."""
        return self.evaluation.step


def per_point(ask: Callable[[History], T]) -> Callable[[History], T]:
    """Ask once for each evaluation; `History.memo` keeps the answer until the next."""
    return _kept(ask, lambda history: history.memo)


def per_best(ask: Callable[[History], T]) -> Callable[[History], T]:
    """Ask once for each best evaluation, about those up to it; `History.best_memo` keeps the answer until one of them changes."""
    return _kept(ask, lambda history: history.best_memo)


def _kept(ask: Callable[[History], T], memo_of: Callable[[History], dict[str, Any]]) -> Callable[[History], T]:
    """Ask only what the memo does not hold."""
    name = ask.__qualname__

    @wraps(ask)
    def asked(history: History) -> T:
        memo = memo_of(history)
        if name not in memo:
            memo[name] = ask(history)
        answer: T = memo[name]
        return answer

    return asked


class History:
    """The evaluations of a run. `points` are those that count: each a new look, at a finite value, in order of steps.

    A resume goes back: points from the resumed stretch on are dropped, the best one is kept. `best` is its index, -1 before any.
    """

    def __init__(self, facts: Facts) -> None:
        self.plan = Plan(facts)
        self.schedule = Detective(facts)
        self.evaluations: list[Evaluation] = []
        self.points: list[Point] = []
        self.best = -1
        self._earlier = 0
        self.metric = ""
        self.direction: Direction = "min"
        self.guessed = True
        self.profile = ""
        self.resolution = Resolution()
        self.train_resolution = Resolution()
        self.trend = Trend()
        self.rate_jump: int | None = None
        self.peak_rate: float | None = None
        self.rate: float | None = None
        self.settled = False
        self.newest: Block | None = None
        self.memo: dict[str, Any] = {}
        self.best_memo: dict[str, Any] = {}
        self._interval: list[Block] = []
        self._held = 0

    # --- what arrives -------------------------------------------------------------------------------------------------------

    def train(self, block: Block) -> None:
        """Take in train or info records."""
        self.newest = block
        self.schedule.observe(block)
        rates = block.columns.get("learning_rate")
        if rates:
            extremes = block.extremes("learning_rate")
            known = rates if extremes else [r for r in rates if math.isfinite(r)]
            if known:
                self.rate = known[-1]
                highest = extremes[1] if extremes else max(known)
                self.peak_rate = max(self.peak_rate or highest, highest)
        self.profile = self.profile or profile(block.columns)
        if block.kind == "train":
            self.train_resolution.show(islice(block.columns.get("loss", ()), 500))
        if "loss" in block.columns or "grad_norm" in block.columns:
            self._keep(block)

    def _keep(self, block: Block) -> None:
        """Keep records until the next evaluation."""
        if not self._interval:
            self._held = 0
        self._interval.append(block)
        self._held += len(block)
        while self._held - len(self._interval[0]) >= INTERVAL:
            self._held -= len(self._interval.pop(0))

    def go_back(self, step: float, start: float, end: float) -> bool:
        """Train records went back from step `end` to `step`, in a run whose first was `start`; whether it begins anew.

        A resume goes on with what is known; a new start (back to the beginning) knows nothing yet, and has no best.
        """
        self._interval.clear()
        anew = step <= start and step <= NEW_START * end
        self.schedule.go_back(step, anew=anew)
        if anew:
            self._forget()
            self.settled = False
        return anew

    def begin_again(self) -> None:
        """A person says that from here on the run is another one: nothing is compared with what was before."""
        self._interval.clear()
        self._forget()

    def _forget(self) -> None:
        """Know no point, and so no best."""
        self.memo.clear()
        self.best_memo.clear()
        self.points.clear()
        self.best = -1
        self._earlier = len(self.evaluations)
        self.rate_jump = None

    def evaluate(self, block: Block) -> bool:
        """Take in one evaluation (a block of one row); whether it is a new point to be judged."""
        line = block.line(0)
        self.memo.clear()
        self.plan.move(block, 0)
        self.newest = block
        values = {name: value for name, value in block.values(0).items() if isinstance(value, float)}
        name, guessed = primary(values, self.plan.text("metric_for_best_model")) if not self.metric else (self.metric, self.guessed)
        if name is None or name not in values:
            return False
        if not self.metric:
            self._choose(name, guessed)
        return self._add(block, values, line)

    def _choose(self, name: str, guessed: bool) -> None:  # noqa: FBT001
        """Settle the primary metric, at the first evaluation that has one."""
        self.metric, self.guessed = name, guessed
        self.direction = direction(name, None if guessed else self.plan.text("greater_is_better")) or "min"

    def _add(self, block: Block, values: dict[str, float], line: int) -> bool:
        """Keep an evaluation, and judge whether it is a point."""
        value, step, epoch = values[self.metric], block.step(0), block.epoch(0)
        last = self.evaluations[-1] if len(self.evaluations) > self._earlier else None
        again = last is not None and last.step == step and last.epoch == epoch and (step is not None or epoch is not None)
        if last is not None and again and last.values == values:
            return False
        evidence = Evidence(self.metric, value, step, epoch, block.source, block.attempt, line)
        train = replace(evidence, name="train_loss", value=values["train_loss"]) if "train_loss" in values else self._median("loss")
        number = len(self.evaluations)
        evaluation = Evaluation(number, value, step, epoch, values, train.value if train else None, evidence, block.seen_at)
        self.evaluations.append(evaluation)
        if again or not math.isfinite(value):
            return False
        gradient = self._median("grad_norm")
        self._interval.clear()
        self._splice(step)
        self._point(evaluation, train, gradient)
        return True

    def _point(self, evaluation: Evaluation, train: Evidence | None, gradient: Evidence | None) -> None:
        """Append a point and bring best, trend and guards up to date."""
        before = self.points[-1] if self.points else None
        sign = 1.0 if self.direction == "min" else -1.0
        loss = sign * evaluation.value
        self.resolution.show((evaluation.value,))
        point = Point(
            evaluation,
            loss,
            train or (before.train if before else None),
            gradient or (before.gradient if before else None),
            self.rate,
        )
        self.points.append(point)
        self._watch_rate()
        if self.best < 0 or loss < self.points[self.best].loss:
            self.best = len(self.points) - 1
            self.best_memo.clear()
            self.trend = Trend()
        self.trend.add(loss)

    def _watch_rate(self) -> None:
        """Note when warm-up is over, and when the learning rate jumps after an interval in which it hardly moved."""
        rates = [p.rate for p in self.points[-3:]]
        if len(rates) < 2 or rates[-1] is None or not rates[-2]:
            return
        change = rates[-1] / rates[-2]
        self.settled = self.settled or change <= 1
        first = rates[0]
        steady = len(rates) < 3 or (first is not None and first != 0 and abs(rates[-2] / first - 1) < 0.2)
        if steady and (change <= 0.5 or (change >= 1.2 and self.settled)):
            self.rate_jump = self.now.evaluation.index

    def _splice(self, step: int | None) -> None:
        """A resume evaluates at a step that was passed before: forget the points from there on, but not the best."""
        if step is None or not self.points or (self.points[-1].step or 0) < step:
            return
        best = self.points[self.best]
        kept = [p for p in self.points if p is best or p.step is None or p.step < step]
        self.points = kept
        self.best = next(i for i, p in enumerate(kept) if p is best)
        self.best_memo.clear()
        self.trend = Trend()
        for point in kept[self.best :]:
            self.trend.add(point.loss)

    def _median(self, name: str) -> Evidence | None:
        """The record with the median value since the last evaluation; the lower one of two."""
        parts: list[tuple[Block, array[float], int]] = []
        left = INTERVAL
        for block in reversed(self._interval):
            column, rows = block.columns.get(name), len(block)
            if column is not None and left:
                parts.append((block, column, max(rows - left, 0)))
            left -= min(rows, left)
        values = sorted(chain.from_iterable(_finite(column[start:]) if start else block.ordered(name) for block, column, start in parts))
        if not values:
            return None
        middle = (len(values) - 1) // 2
        block, row = _nth(name, reversed(parts), values[middle], middle - bisect_left(values, values[middle]))
        return Evidence(name, block.columns[name][row], block.step(row), block.epoch(row), block.source, block.attempt, block.line(row))

    # --- what rules ask -----------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Point:
        """The newest point."""
        return self.points[-1]

    @property
    def top(self) -> Point:
        """The best point."""
        return self.points[self.best]

    @property
    @per_point
    def since(self) -> int:
        """Evaluations after the best one, a repeated stretch not counted twice."""
        best = self.top.step
        counted, since = self.best_memo.get("since", (self.best + 1, 0))
        since += sum(1 for p in self.points[counted:] if best is None or p.step is None or p.step > best)
        self.best_memo["since"] = len(self.points), since
        return int(since)

    @property
    def losses(self) -> list[float]:
        """The primary metric of every point, turned so that lower is better."""
        return [p.loss for p in self.points]

    @property
    @per_point
    def sigma(self) -> float:
        """The noise of the evaluations, never below the print resolution."""
        return max(noise([p.loss for p in self.points[-20:]]) or 0.0, self.resolution.half_unit)

    def excess(self, back: int = 0) -> float:
        """How far the newest evaluation (or the one `back` before it) is above the best, relative: the generalisation loss."""
        point = self.points[-1 - back] if back < len(self.points) else self.points[0]
        return max(self._relative(point.loss), 0.0)

    def _relative(self, loss: float) -> float:
        best, sigma, q = self.top.loss, self.sigma, self.resolution.half_unit
        size = max(abs(best), 10 * sigma, 10 * q)
        return (loss - best) / size

    @property
    def train_fell(self) -> bool:
        """Whether the train loss is now below what it was at the best evaluation. False when not known."""
        now, best = self.now.train, self.top.train
        return now is not None and best is not None and now.value < best.value

    def published(self) -> Best | None:
        """The best evaluation for views and reports; None before the first."""
        if self.best < 0:
            return None
        top = self.top.evaluation
        return Best(self.metric, self.direction, top.value, top.step, top.epoch, self.guessed)


def _finite(values: Iterable[float]) -> Iterable[float]:
    """Those that are numbers."""
    return filter(math.isfinite, values)


def _nth(name: str, parts: Iterable[tuple[Block, array[float], int]], value: float, number: int) -> tuple[Block, int]:
    """The block and row of one of several equal values, counted from 0 in file order; of each part the rows from its start on."""
    for block, column, start in parts:
        ordered, row = block.ordered(name), start - 1
        here = column[start:].count(value) if start else bisect_right(ordered, value) - bisect_left(ordered, value)
        for _ in range(here):
            row = column.index(value, row + 1)
            if not number:
                return block, row
            number -= 1
    raise LookupError(value)
