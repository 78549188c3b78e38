"""The train loss is nearly nothing while the eval metric is worse than its best (rule G7)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.guard import disagreeing, not_yet, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.memory import healthy_train, train_left


@dataclass(frozen=True, slots=True)
class Settings:
    """Train loss left of its median up to the best evaluation, per severity; `loss` is how far the eval metric must be above its best.

    A task metric that still improves keeps it from black.
    """

    yellow: float = 0.10
    orange: float = 0.05
    black: float = 0.03
    loss: float = 0.10


class Memorization(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history):
            return forbidden(why)
        left = train_left(history)
        if left is None:
            return pending("no train loss to compare with")
        severity = self._level(history, left, 1.0)
        if severity is Severity.BLACK and disagreeing(history):
            severity = Severity.ORANGE
        if severity is None:
            why = f"train loss is at {percent(left)} of the healthy one"
            return ok(why, holds=self._level(history, left, 0.5), negated=history.since == 0)
        return self._found(history, left, severity)

    def _level(self, history: History, left: float, ease: float) -> Severity | None:
        """The level whose condition is true with thresholds eased."""
        s = self.settings
        if history.since < 2 or history.excess() < ease * s.loss or history.excess(1) < ease * s.loss / 2:
            return None
        steps = ((s.black, Severity.BLACK), (s.orange, Severity.ORANGE), (s.yellow, Severity.YELLOW))
        return next((severity for limit, severity in steps if left <= limit / ease), None)

    def _found(self, history: History, left: float, severity: Severity) -> Judgement:
        """The sentence, in which a loss below the print resolution is not called zero."""
        now, train, floor = history.now, history.now.train, history.train_resolution.half_unit
        value = "?" if train is None else f"below {figure(floor, 1)}" if train.value < floor else figure(train.value, 3)
        why = (
            f"train loss is {value}{place(now.step, now.evaluation.epoch)}, {percent(left)} of the healthy {figure(healthy_train(history) or 0, 3)}, "
            f"while {history.metric} {figure(now.evaluation.value)} is {percent(history.excess())} worse than its best "
            f"{figure(history.top.evaluation.value)}: the training data is known by heart"
        )
        evidence = [e for e in (train, now.evaluation.evidence, history.top.evaluation.evidence) if e is not None]
        return fired(severity, why, evidence, "a new best evaluation would withdraw it")


KIND = Kind(
    name="memorization",
    summary="the train loss is nearly nothing while the eval metric is far above its best",
    needs="evaluations and a train loss",
    settings=Settings,
    make=Memorization,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "save", Severity.BLACK: "stop"},
    stop_by_default=True,
)
