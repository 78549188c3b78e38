"""The eval loss gets worse while a task metric improves (rule G6)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.guard import disagreeing, not_yet
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending


@dataclass(frozen=True, slots=True)
class Settings:
    """Nothing can be set: the window is that of the cadence."""


class MetricDisagreement(Rule):
    """Keeps nothing. While it holds, rules that judge the loss alone stay at orange."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        if why := not_yet(history):
            return pending(why)
        other, now = disagreeing(history), history.now
        if not other:
            return ok("no task metric says otherwise than the loss", negated=history.since == 0)
        why = (
            f"{history.metric} {figure(now.evaluation.value)}{place(now.step, now.evaluation.epoch)} is worse than its best "
            f"{figure(history.top.evaluation.value)}, but {other} still improves ({figure(now.evaluation.values.get(other, 0.0))}): "
            "the loss alone is no reason to stop"
        )
        return fired(Severity.YELLOW, why, (now.evaluation.evidence, history.top.evaluation.evidence), f"a {other} that no longer improves")


KIND = Kind(
    name="metric_disagreement",
    summary="the eval loss gets worse while a task metric improves",
    needs="evaluations with a task metric beside the loss",
    settings=Settings,
    make=MetricDisagreement,
    ladder={Severity.YELLOW: "notify"},
)
