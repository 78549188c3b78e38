"""How far the eval loss is above its best, after Prechelt (rule G2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import of
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.guard import WINDOW, cadence, not_yet, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.noise import median

STRIP = 5
"""Evaluations of a strip, over which progress of the train loss is measured (Prechelt's k)."""


MEAN_OF_MEDIAN = 1.2533
"""The standard error of a median is this many times that of a mean."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares above the best evaluation, and the noise it must exceed: `noise_factor` standard errors.

    In a run of many evaluations the best one is but the luckiest: there the median of the newest ones must have risen by as much as well.
    """

    yellow: float = 0.02
    orange: float = 0.05
    noise_factor: float = 3.0


class GeneralizationLoss(Rule):
    """Keeps the lowest median of neighbouring evaluations."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lowest = math.inf
        self._rise = 0.0

    def went_back(self, *, anew: bool) -> None:
        """A new start is not measured by what came before."""
        if anew:
            self._lowest = math.inf

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        losses = [p.loss for p in history.points[-STRIP:]]
        middle = median(losses)
        if len(losses) == STRIP:
            self._lowest = min(self._lowest, middle)
        self._rise = middle - self._lowest
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history):
            return forbidden(why)
        severity = self._level(history, 1.0)
        if severity is None:
            why = f"{history.metric} is {percent(history.excess())} from its best"
            return ok(why, holds=self._level(history, 0.5), negated=history.since == 0)
        now, top = history.now, history.top
        quotient = progress_quotient(history)
        why = (
            f"generalisation loss {percent(history.excess())}: {history.metric} {figure(now.evaluation.value)}"
            f"{place(now.step, now.evaluation.epoch)} against the best {figure(top.evaluation.value)}{place(top.step, top.evaluation.epoch)}"
            f" (PQ {'not known' if quotient is None else figure(quotient, 2)}, UP {worsening_strips(history)})"
        )
        return fired(severity, why, of(now, top), "a new best evaluation would withdraw it")

    def _level(self, history: History, ease: float) -> Severity | None:
        s, error = self.settings, history.sigma / math.sqrt(WINDOW[cadence(history)])
        if history.now.loss - history.top.loss <= ease * s.noise_factor * error:
            return None
        is_many = cadence(history) != "sparse" and len(history.points) >= 2 * STRIP
        if is_many and self._rise <= ease * s.noise_factor * MEAN_OF_MEDIAN * history.sigma * math.sqrt(2 / STRIP):
            return None
        if history.excess() >= ease * s.orange:
            return Severity.ORANGE
        return Severity.YELLOW if history.excess() >= ease * s.yellow else None


def progress_quotient(history: History) -> float | None:
    """Prechelt's PQ: generalisation loss in percent over the progress of the train loss in per mille; None where there is no progress."""
    train = [p.train.value for p in history.points[-STRIP:] if p.train is not None]
    if len(train) < STRIP or min(train) <= 0:
        return None
    progress = 1000 * (sum(train) / (STRIP * min(train)) - 1)
    return 100 * history.excess() / progress if progress else None


def worsening_strips(history: History) -> int:
    """Prechelt's UP: strips of evaluations in a row, to the newest, that each end worse than the one before."""
    losses = history.losses
    count = 0
    while len(losses) > (count + 1) * STRIP and losses[-1 - count * STRIP] > losses[-1 - (count + 1) * STRIP]:
        count += 1
    return count


KIND = Kind(
    name="generalization_loss",
    summary="how far the eval metric is from its best, as a number",
    needs="evaluations",
    settings=Settings,
    make=GeneralizationLoss,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
