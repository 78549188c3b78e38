"""The gradient norm is a small part of what it was while the run was healthy (rule N6)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.memory import healthy_gradient


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares of the healthy gradient norm: the median up to the best evaluation, which must be the `evaluations`-th at least."""

    yellow: float = 0.1
    orange: float = 0.01
    evaluations: int = 3


class VanishingGradient(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        s, now, healthy = self.settings, history.now.gradient, healthy_gradient(history)
        if now is None:
            return blind("a gradient norm")
        if not healthy or history.best + 1 < s.evaluations:
            return pending(f"fewer than {s.evaluations} evaluations up to the best one")
        left = now.value / healthy
        if left > s.yellow:
            return ok(f"grad_norm is {percent(left)} of the healthy one", holds=Severity.YELLOW if left <= 2 * s.yellow else None)
        why = (
            f"grad_norm {figure(now.value, 3)}{place(history.now.step, history.now.evaluation.epoch)} is {percent(left)} of the healthy "
            f"{figure(healthy, 3)}; at the end of a run that has converged this is no fault"
        )
        severity = Severity.ORANGE if left <= s.orange else Severity.YELLOW
        return fired(severity, why, (now,), f"a gradient norm above {figure(2 * s.yellow * healthy, 3)} would withdraw it")


KIND = Kind(
    name="vanishing_gradient",
    summary="the gradient norm is a small part of the healthy one",
    needs="evaluations and a gradient norm",
    settings=Settings,
    make=VanishingGradient,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    confirm=2,
)
