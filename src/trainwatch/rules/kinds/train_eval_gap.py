"""The eval loss moves away from the train loss (rule G4)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import of
from trainwatch.rules.figures import figure, place
from trainwatch.rules.gap import mismatch, ratio, steady
from trainwatch.rules.guard import not_yet, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.noise import Trend


@dataclass(frozen=True, slots=True)
class Settings:
    """Ratios of eval to train loss. Yellow must hold for `evaluations` in a row.

    It must grow: by `growth` since the best evaluation, or with a trend of `trend` (Mann-Kendall z).
    """

    yellow: float = 1.5
    orange: float = 3.0
    evaluations: int = 2
    growth: float = 0.2
    trend: float = 1.64


class TrainEvalGap(Rule):
    """Keeps how many evaluations in a row were above yellow."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._in_row = 0

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        s, now = self.settings, ratio(history, history.now)
        self._in_row = self._in_row + 1 if now is not None and now > s.yellow else 0
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history) or mismatch(history) or steady(history):
            return forbidden(why)
        if now is None:
            known = history.now.train is not None and "eval_loss" in history.now.evaluation.values
            return pending("the train loss is at the print floor" if known else "no train and eval loss to compare")
        words = f"eval loss is {figure(now, 3)} times the train loss{place(history.now.step, history.now.evaluation.epoch)}"
        if self._in_row < s.evaluations or not self._grows(history, now):
            return ok(words, holds=self._eased(now), negated=now <= 1)
        severity = Severity.ORANGE if now > s.orange else Severity.YELLOW
        before = ratio(history, history.top)
        since = "" if before is None else f", {figure(before, 3)} times at the best evaluation"
        return fired(severity, words + since, of(history.now, history.top), f"a ratio below {figure(s.yellow)} would withdraw it")

    def _eased(self, now: float) -> Severity | None:
        """What holds on at half the distance from one."""
        s = self.settings
        if now > 1 + (s.orange - 1) / 2:
            return Severity.ORANGE
        return Severity.YELLOW if now > 1 + (s.yellow - 1) / 2 else None

    def _grows(self, history: History, now: float) -> bool:
        before = ratio(history, history.top)
        if before is not None and now >= (1 + self.settings.growth) * before:
            return True
        trend = Trend()
        for point in history.points[history.best :]:
            value = ratio(history, point)
            if value is not None:
                trend.add(value)
        return trend.z > self.settings.trend


KIND = Kind(
    name="train_eval_gap",
    summary="the eval loss moves away from the train loss",
    needs="an eval loss and a train loss",
    settings=Settings,
    make=TrainEvalGap,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
