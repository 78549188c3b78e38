"""Evaluations that repeat each other to the last digit (rule P3)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History, Point
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed
from trainwatch.rules.metric import measurements
from trainwatch.rules.noise import decimals


@dataclass(frozen=True, slots=True)
class Settings:
    """`evals` identical evaluations in a row, `evals_many` where each prints `many` metrics or more.

    A single metric must show `digits` significant digits: short ones repeat by chance. Nothing is judged while the learning rate is at
    most `rate` of its peak: then the model hardly moves.
    """

    evals: int = 3
    evals_many: int = 2
    many: int = 4
    digits: int = 3
    rate: float = 0.02


class FrozenEval(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Compare the newest evaluations."""
        s, now = self.settings, history.now
        metrics = _metrics(now)
        if not any("loss" in name or "perplexity" in name for name in metrics):
            return pending("no eval loss: a score on few samples repeats by chance")
        same = 1
        while same < len(history.points) and _metrics(history.points[-1 - same]) == metrics:
            same += 1
        if now.rate is not None and history.peak_rate and now.rate <= s.rate * history.peak_rate:
            return suppressed("the learning rate is nearly zero: the model hardly moves")
        needed = s.evals_many if len(metrics) >= s.many else s.evals
        if same < needed:
            return ok("the evaluations differ", negated=same == 1)
        if len(metrics) == 1 and _digits(now.evaluation.value) < s.digits:
            return ok("the same few digits, perhaps by chance")
        return self._found(history, same, len(metrics))

    def _found(self, history: History, same: int, count: int) -> Judgement:
        """The sentence."""
        now, first = history.now.evaluation, history.points[-same].evaluation
        what = f"{history.metric} {figure(now.value, 6)}" + (f" and {count - 1} other metrics" if count > 1 else "")
        why = f"{same} evaluations in a row print the same {what}{place(now.step, now.epoch)}: the model does not change, or stale weights are evaluated"
        return fired(Severity.ORANGE, why, (now.evidence, first.evidence), "an evaluation that differs would withdraw it")


def _metrics(point: Point) -> dict[str, float]:
    """What an evaluation measured, without how long it took."""
    return {name: point.evaluation.values[name] for name in measurements(point.evaluation.values)}


def _digits(value: float) -> int:
    """Significant digits of the shortest notation."""
    return len(str(abs(round(value * 10 ** decimals(value)))))


KIND = Kind(
    name="frozen_eval",
    summary="evaluations repeat each other to the last digit",
    needs="evaluations with a loss",
    settings=Settings,
    make=FrozenEval,
    ladder={Severity.ORANGE: "notify"},
)
