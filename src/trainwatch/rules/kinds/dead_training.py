"""Nothing is learnt any more: no loss, no gradient, no better evaluation (rule G8)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.guard import not_yet, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.memory import healthy_gradient, healthy_train


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares left of the healthy train loss and gradient norm, and of the peak learning rate where no gradient norm is printed.

    `since` evaluations must have passed without a better one. A train loss below the print resolution counts as nothing.
    """

    loss: float = 0.001
    gradient: float = 0.1
    rate: float = 0.01
    since: int = 3


class DeadTraining(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history):
            return forbidden(why)
        train, reference = history.now.train, healthy_train(history)
        if train is None or reference is None:
            return pending("no train loss to compare with")
        moving = self._moving(history)
        if moving is None:
            return pending("neither a gradient norm nor a learning rate is printed")
        floor = history.train_resolution.half_unit
        at_rest = [self._nothing(train.value, reference, floor, ease) and moving <= 1 / ease for ease in (1.0, 0.5)]
        waited = history.since >= self.settings.since
        if not (at_rest[0] and waited):
            holds = Severity.BLACK if at_rest[1] and waited else None
            return ok("the train loss or its gradient still moves", holds=holds, negated=history.since == 0)
        return self._found(history, train, floor)

    def _nothing(self, value: float, reference: float, floor: float, ease: float) -> bool:
        """Whether the train loss is nothing."""
        return value <= max(self.settings.loss * reference, floor) / ease

    def _moving(self, history: History) -> float | None:
        """The gradient norm (else the learning rate) as a multiple of its threshold; None when neither is known."""
        gradient, reference = history.now.gradient, healthy_gradient(history)
        if gradient is not None and reference:
            return gradient.value / (self.settings.gradient * reference)
        if history.now.rate is not None and history.peak_rate:
            return history.now.rate / (self.settings.rate * history.peak_rate)
        return None

    def _found(self, history: History, train: Evidence, floor: float) -> Judgement:
        """The sentence: a loss below the print resolution is never called zero."""
        now, gradient = history.now, history.now.gradient
        loss = f"below {figure(floor, 1)}, as far as it is printed" if train.value < floor else figure(train.value, 3)
        still = f"grad_norm {figure(gradient.value, 3)} of a healthy {figure(healthy_gradient(history) or 0, 3)}" if gradient else ""
        still = still or f"learning rate {figure(now.rate or 0, 3)} of a peak of {figure(history.peak_rate or 0, 3)}"
        why = (
            f"train loss is {loss}{place(now.step, now.evaluation.epoch)}, with {still}, and {history.metric} has not improved "
            f"for {history.since} evaluations: nothing is learnt any more"
        )
        evidence = [e for e in (train, gradient, now.evaluation.evidence, history.top.evaluation.evidence) if e is not None]
        return fired(Severity.BLACK, why, evidence, "a gradient or a train loss that moves again, or a new best evaluation")


KIND = Kind(
    name="dead_training",
    summary="no loss, no gradient, no better evaluation: nothing is learnt any more",
    needs="evaluations, a train loss, and a gradient norm or a learning rate",
    settings=Settings,
    make=DeadTraining,
    ladder={Severity.BLACK: "stop"},
    stop_by_default=True,
)
