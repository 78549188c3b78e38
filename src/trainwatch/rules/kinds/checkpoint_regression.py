"""From one evaluation to the next, train and eval loss rise (rule N4)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import of
from trainwatch.rules.figures import percent, place
from trainwatch.rules.history import History, Point
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed
from trainwatch.rules.noise import noise, relative


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares by which a loss must rise, and `noise_factor` times its noise, since the evaluation before."""

    train: float = 0.01
    eval: float = 0.02
    noise_factor: float = 3.0


class CheckpointRegression(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest interval."""
        if history.profile:
            return suppressed(f"{history.profile}: the loss says nothing about progress")
        if len(history.points) < 2:
            return pending("one evaluation")
        before, now = history.points[-2:]
        rise, train_rise = self._rise(history, before, now), self._train_rise(history, before, now)
        worse = [rise is not None and rise > 0, train_rise is not None and train_rise > 0]
        if not any(worse):
            return ok("neither loss has risen since the evaluation before", negated=True)
        parts = [f"{history.metric} got worse by {percent(rise)}"] if rise else []
        parts += [f"train loss rose by {percent(train_rise)}"] if train_rise else []
        since = place(before.step, before.evaluation.epoch)
        why = f"{' and '.join(parts)}{place(now.step, now.evaluation.epoch)}, since the evaluation{since}"
        severity = Severity.ORANGE if all(worse) else Severity.YELLOW
        return fired(severity, why, of(now, before), "an interval in which they fall again: one alone may be a passing disturbance")

    def _rise(self, history: History, before: Point, now: Point) -> float | None:
        """How much worse the metric got, 0 within its noise."""
        s = self.settings
        size = relative(now.loss, before.loss, history.sigma, history.resolution.half_unit)
        noisy = len(history.points) >= 4 and now.loss - before.loss <= s.noise_factor * history.sigma
        return size if size > s.eval and not noisy else 0.0

    def _train_rise(self, history: History, before: Point, now: Point) -> float | None:
        """How much the train loss rose, 0 within its noise; None when not known."""
        s = self.settings
        if before.train is None or now.train is None:
            return None
        known = [p.train.value for p in history.points[-20:] if p.train is not None]
        sigma, q = noise(known) or 0.0, history.train_resolution.half_unit
        size = relative(now.train.value, before.train.value, sigma, q)
        return size if size > s.train and now.train.value - before.train.value > s.noise_factor * sigma else 0.0


KIND = Kind(
    name="checkpoint_regression",
    summary="train and eval loss rise from one evaluation to the next",
    needs="evaluations",
    settings=Settings,
    make=CheckpointRegression,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
