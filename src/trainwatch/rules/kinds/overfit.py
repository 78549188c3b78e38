"""The eval metric gets worse while the train loss still falls (rule G3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, ordinal, percent, place
from trainwatch.rules.gap import mismatch
from trainwatch.rules.guard import cadence, disagreeing, not_yet, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.memory import train_left
from trainwatch.rules.noise import median

MEAN_OF_MEDIAN = 1.2533
"""The standard error of a median is this many times that of a mean."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Losses are relative to the best evaluation (0.05 is 5 %).

    `patience` evaluations after the best one, `red_loss` above it, and `sparse_noise` times the noise, make a run of few evaluations red.
    In a run of many, two windows at least, the best one is but the luckiest: the median of `window` evaluations must have risen by `noise_factor` times its noise,
    with a trend of `trend` (Mann-Kendall z), and by `rise`, `since_medium` or `since_dense` evaluations after the best one, to be red; half
    of that noise and trend are yellow, three quarters orange. `black_loss` above the best, or a train loss of `memorised` of what it was, is black.
    """

    sparse_noise: float = 4.0
    orange_loss: float = 0.02
    red_loss: float = 0.05
    black_loss: float = 1.0
    memorised: float = 0.03
    memorised_loss: float = 0.10
    patience: int = 3
    window: int = 5
    rise: float = 0.05
    noise_factor: float = 6.0
    since_medium: int = 5
    since_dense: int = 10
    trend: float = 2.58


class Overfit(Rule):
    """Keeps the lowest median of `window` evaluations."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lowest = math.inf

    def went_back(self, *, anew: bool) -> None:
        """A new start is not measured by what came before."""
        if anew:
            self._lowest = math.inf

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        s = self.settings
        losses = [p.loss for p in history.points[-s.window :]]
        middle = median(losses)
        if len(losses) == s.window:
            self._lowest = min(self._lowest, middle)
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history):
            return forbidden(why)
        if history.since == 0:
            return ok(f"{history.metric} is at its best", negated=True)
        if history.now.train is None:
            return pending("no train loss to compare with")
        severity = self._level(history, middle - self._lowest, 1.0)
        if severity is None:
            holds = self._level(history, middle - self._lowest, 0.5)
            return ok(_ok(history), holds=holds)
        return self._found(history, severity)

    def _level(self, history: History, rise: float, ease: float) -> Severity | None:
        """The level whose condition is true with all thresholds times `ease`."""
        if not history.train_fell or history.excess() <= 0:
            return None
        sparse = cadence(history) == "sparse"
        rest = 2.001 * history.resolution.half_unit if sparse else 3 * ease * history.sigma
        noisy = history.now.loss - history.top.loss <= rest
        if self._red(history, ease) if sparse else self._red_many(history, rise, ease):
            return Severity.BLACK if self._black(history, ease) else Severity.RED
        few = sparse or len(history.points) < 2 * self.settings.window
        if noisy or not (few or self._risen(history, rise, ease * 0.5)):
            return None
        worse_twice = history.since >= 2 and history.points[-1].loss >= history.points[-2].loss
        clear = few and history.now.loss - history.top.loss > ease * self.settings.noise_factor * history.sigma
        risen = sparse or clear or self._risen(history, rise, ease * 0.75)
        return Severity.ORANGE if worse_twice and risen and history.excess() >= ease * self.settings.orange_loss else Severity.YELLOW

    def _risen(self, history: History, rise: float, ease: float) -> bool:
        """Whether, in a run of many evaluations, the median of a window has risen by more than its noise, and goes on rising."""
        s = self.settings
        noise = s.noise_factor * MEAN_OF_MEDIAN * history.sigma * math.sqrt(2 / s.window)
        return rise > ease * noise and history.trend.z > ease * s.trend

    def _red(self, history: History, ease: float) -> bool:
        """In a run of few evaluations."""
        s = self.settings
        rise = history.now.loss - history.top.loss
        late = history.since >= s.patience and rise > ease * s.sparse_noise * history.sigma
        return late and history.excess() >= ease * s.red_loss and history.excess(1) >= ease * s.red_loss / 2

    def _red_many(self, history: History, rise: float, ease: float) -> bool:
        """In a run of many evaluations."""
        s, since = self.settings, history.since
        wait = s.since_medium if cadence(history) == "medium" else s.since_dense
        if since < wait or len(history.points) < s.window + wait or rise <= ease * s.rise * abs(self._lowest):
            return False
        return self._risen(history, rise, ease) and _train_fell_for_good(history, s.window)

    def _black(self, history: History, ease: float) -> bool:
        """Doubled, or learnt by heart."""
        s, left = self.settings, train_left(history)
        by_heart = left is not None and left <= s.memorised / ease and history.excess() >= ease * s.memorised_loss
        return history.excess() >= ease * s.black_loss or by_heart

    def _found(self, history: History, severity: Severity) -> Judgement:
        """The sentence, what it rests on, and what would change it."""
        other = disagreeing(history)
        why = _sentence(history)
        if other and severity > Severity.ORANGE:
            severity = Severity.ORANGE
            why += f"; {other} still improves, so this is not a reason to stop"
        elif severity > Severity.ORANGE and (unlike := mismatch(history)):
            severity = Severity.ORANGE
            why += f"; but the two may not be the same quantity: {unlike}"
        elif history.metric == "eval_loss" and severity >= Severity.RED and history.plan.pretrained:
            why += "; instruction tuning often goes on past this minimum on purpose"
        best = figure(history.top.evaluation.value)
        side = "below" if history.direction == "min" else "above"
        return fired(severity, why, _evidence(history), f"an evaluation {side} {best} would withdraw it")


def _train_fell_for_good(history: History, window: int) -> bool:
    """Whether the median train loss of late is below that up to the best evaluation."""
    late = [p.train.value for p in history.points[-window:] if p.train]
    start = max(history.best + 1 - window, 0)
    before = [p.train.value for p in history.points[start : history.best + 1] if p.train]
    return bool(late and before) and median(late) < median(before)


def _sentence(history: History) -> str:
    now, top = history.now, history.top
    what = history.metric
    side = "above" if history.direction == "min" else "below"
    value = f"{what} {figure(now.evaluation.value)}{place(now.step, now.evaluation.epoch)}"
    best = f"the best {figure(top.evaluation.value)}{place(top.step, top.evaluation.epoch)}"
    count = f"{ordinal(history.since)} evaluation without improvement"
    return f"{value} is {percent(history.excess())} {side} {best}, {count}, {_train_words(history)}"


def _train_words(history: History) -> str:
    now, top = history.now.train, history.top.train
    if now is None or top is None:
        return "train loss not known"
    return f"while train loss fell from {figure(top.value, 3)} to {figure(now.value, 3)}"


def _ok(history: History) -> str:
    if not history.train_fell:
        return f"{history.metric} is above its best, but the train loss has not fallen since"
    return f"{history.metric} is {percent(history.excess())} above its best, within its noise"


def _evidence(history: History) -> list[Evidence]:
    now, top = history.now, history.top
    found = [now.evaluation.evidence, top.evaluation.evidence, now.train, top.train]
    return [e for e in found if e is not None]


KIND = Kind(
    name="overfit",
    summary="the eval metric gets worse while the train loss still falls",
    needs="evaluations and a train loss",
    settings=Settings,
    make=Overfit,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "save", Severity.RED: "stop", Severity.BLACK: "stop"},
)
