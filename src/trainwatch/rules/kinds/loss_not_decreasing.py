"""The train loss is where it began (rule P2)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed
from trainwatch.rules.noise import median, noise

MEAN_OF_MEDIAN = 1.2533
"""The standard error of a median is this many times that of a mean."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The first and the newest `window` records are compared, after `steps` optimizer steps and `share` of the run.

    The median must have fallen by `fall` and by `noise_factor` standard errors, or the best evaluation be that much better than the first. Nothing is judged while the learning rate is below
    `rate` of the configured one. Once the loss has fallen, the rule has done its work.
    """

    window: int = 50
    steps: int = 300
    share: float = 0.03
    fall: float = 0.01
    noise_factor: float = 2.0
    rate: float = 0.5


class LossNotDecreasing(Rule):
    """Keeps the first and the newest losses until they differ."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._first: list[float] = []
        self._first_at: Evidence | None = None
        self._newest: deque[float] = deque(maxlen=settings.window)
        self._records = 0
        self._done = False
        self._resumed = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("too few train records yet")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:
        """Only train losses."""
        return kind == "train" and "loss" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Compare after every window, until the loss has fallen."""
        if block.kind != "train" or "loss" not in block.columns:
            return ()
        if self._resumed:
            self._resumed = False
            return [(0, ok("steps went back: there is no beginning to compare with yet", negated=True)), *self._rows(block, history)]
        if self._done:
            return ()
        return list(self._rows(block, history))

    def went_back(self, *, anew: bool) -> None:
        """A resume does not begin where the run began: there is nothing to compare with."""
        self._resumed, self._done = not self._done, not anew
        self._first.clear()
        self._newest.clear()
        self._first_at, self._records = None, 0

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        """Record by record: this ends early in every run that learns."""
        window = self.settings.window
        for row, loss in enumerate(() if self._done else block.columns["loss"]):
            if not math.isfinite(loss):
                continue
            self._records += 1
            if len(self._first) < window:
                self._first.append(loss)
                self._first_at = self._first_at or _evidence(block, row)
                continue
            self._newest.append(loss)
            if len(self._newest) == window and self._records % window == 0:
                yield row, self._judge(block, row, history)
                if self._done:
                    return

    def _judge(self, block: Block, row: int, history: History) -> Judgement:
        """The verdict after a window."""
        history.plan.move(block, row)
        s, step = self.settings, block.step(row)
        first, now = median(self._first), median(self._newest)
        error = MEAN_OF_MEDIAN * (noise(list(self._newest)) or 0.0) * math.sqrt(2 / s.window)
        if now <= first - max(s.fall * abs(first), s.noise_factor * error):
            self._done = True
            return ok(f"the train loss has fallen from {figure(first)} to {figure(now)}", negated=True)
        if history.profile:
            return suppressed(f"{history.profile}: the loss says nothing about progress")
        at = step if step is not None else self._records
        total, warmup = (history.plan.steps_at(name, block, row) for name in ("total_steps", "warmup_steps"))
        if total is None and history.plan.number("total_steps"):
            return pending("whether printed steps are batches or optimizer steps is not known")
        if at < max(s.steps, s.share * (total or 0), warmup or 0):
            return pending("the run has only begun")
        if self._warming(block, row, history):
            return suppressed("the learning rate is still low")
        if self._learns(history):
            return ok(f"{history.metric} has improved since the first evaluation", negated=True)
        change = (now - first) / abs(first) if first else 0.0
        why = (
            f"the train loss has not fallen: the median of the last {s.window} records{place(step, block.epoch(row))} is {figure(now)}, "
            f"that of the first {s.window} was {figure(first)} ({percent(change)}){history.plan.words(step, block.epoch(row), block.format)}"
        )
        evidence = [e for e in (_evidence(block, row), self._first_at) if e is not None]
        return fired(Severity.ORANGE, why, evidence, f"a fall by {percent(s.fall)} and more than its noise would withdraw it")

    def _learns(self, history: History) -> bool:
        """Whether the evaluations have improved, by as much as the train loss should have and more than their noise."""
        if len(history.points) < 2:
            return False
        first = history.points[0].loss
        return first - history.top.loss > max(self.settings.fall * abs(first), self.settings.noise_factor * history.sigma)

    def _warming(self, block: Block, row: int, history: History) -> bool:
        """Whether the learning rate is far below the configured one."""
        rates, peak = block.columns.get("learning_rate"), history.plan.number("learning_rate")
        return rates is not None and bool(peak) and 0 < rates[row] < self.settings.rate * (peak or 0.0)


def _evidence(block: Block, row: int) -> Evidence:
    return Evidence("loss", block.columns["loss"][row], block.step(row), block.epoch(row), block.source, block.attempt, block.line(row))


KIND = Kind(
    name="loss_not_decreasing",
    summary="the train loss is where it began",
    needs="a train loss",
    settings=Settings,
    make=LossNotDecreasing,
    ladder={Severity.ORANGE: "notify"},
    lasting=True,
)
