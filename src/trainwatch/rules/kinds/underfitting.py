"""Half the run is over, and both losses are still where they began (rule P4)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import of, printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.guard import batches, not_yet, planned_steps
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed


@dataclass(frozen=True, slots=True)
class Settings:
    """From `after` of the run on: train within `gap` of eval loss, and both above `left` of the first train loss.

    For a pretrained language model of known vocabulary, above `guessing` of the loss of guessing (ln of the vocabulary) will do.
    """

    after: float = 0.5
    gap: float = 0.05
    left: float = 0.8
    guessing: float = 0.6


class Underfitting(Rule):
    """Keeps the first train loss."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._first: Evidence | None = None

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Note the first train loss."""
        name = "loss" if block.kind == "train" else "train_loss"
        if self._first is None and name in block.columns:
            row = next((row for row, value in enumerate(block.columns[name]) if math.isfinite(value)), None)
            self._first = printed(block, name, row) if row is not None else None
        return ()

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        s, now, total = self.settings, history.now, planned_steps(history)
        if history.profile:
            return suppressed(f"{history.profile}: the loss says nothing about progress")
        if why := not_yet(history):
            return pending(why)
        loss = now.evaluation.values.get("eval_loss")
        if now.train is None or loss is None or self._first is None:
            return pending("no train and eval loss to compare")
        if total is None or now.step is None or now.step < s.after * total:
            return pending(f"judged after {percent(s.after)} of the run, where its length is known")
        floor = self._floor(history)
        if abs(now.train.value - loss) > s.gap * abs(loss) or min(now.train.value, loss) <= floor:
            return ok(f"train loss {figure(now.train.value)}, eval loss {figure(loss)}", negated=True)
        why = (
            f"after {percent(now.step / total)} of the run train loss {figure(now.train.value)} and eval loss {figure(loss)}"
            f"{place(now.step, now.evaluation.epoch)} are both high: the run began at {figure(self._first.value)}{batches(history)}"
        )
        return fired(Severity.YELLOW, why, (*of(now), self._first), f"losses below {figure(floor)} would withdraw it")

    def _floor(self, history: History) -> float:
        """Above this a loss is high."""
        s, size = self.settings, history.plan.number("vocab_size")
        first = s.left * self._first.value if self._first is not None else math.inf
        return min(first, s.guessing * math.log(size)) if size and size > 1 and history.plan.pretrained else first


KIND = Kind(
    name="underfitting",
    summary="half the run is over, and both losses are still where they began",
    needs="an eval loss and a train loss",
    settings=Settings,
    make=Underfitting,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
