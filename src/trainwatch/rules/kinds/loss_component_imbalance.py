"""The parts of an eval loss against their configured weights (rule C1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.gap import components, plain, weights
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """The total is the sum of parts, weighted or not, where both agree to `agree`. More than `unexplained` of it missing is yellow.

    So is a part whose share is `apart` times what its weight among all weights says, or less than that part of it; orange where this
    holds of the part with the largest weight.
    """

    agree: float = 0.02
    unexplained: float = 0.10
    apart: float = 3.0


class LossComponentImbalance(Rule):
    """Keeps nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("the weights of the loss components (facts alpha_NAME)")

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        values = history.now.evaluation.values
        parts, alphas, total = components(values), weights(history, values), values.get("eval_loss")
        if len(alphas) < 2 or total is None or sum(alphas.values()) <= 0:
            return self.start()
        weighted = {n: alphas[n] * parts[n] for n in alphas}
        found = [t for t in (self._missing(parts, weighted, total), self._unequal(weighted, alphas)) if t]
        if not found:
            return ok("the parts of the loss are about as their weights say", negated=True)
        main = max(alphas, key=lambda n: alphas[n])
        low = _share(weighted, main) < _share(alphas, main) / self.settings.apart
        why = (
            f"eval loss {figure(total)}{place(history.now.step, history.now.evaluation.epoch)}: {'; '.join(found)}. Weights are no shares: what "
            "each part does to the gradient is not known"
        )
        return fired(Severity.ORANGE if low else Severity.YELLOW, why, _evidence(history, alphas), "parts and weights that agree")

    def _missing(self, parts: Mapping[str, float], weighted: Mapping[str, float], total: float) -> str:
        """How much of the total no part explains."""
        sums = (sum(parts.values()), sum(weighted.values()))
        if any(abs(s - total) <= self.settings.agree * abs(total) for s in sums) or total <= sums[0]:
            return ""
        left = (total - sums[0]) / total
        return f"{percent(left)} of it is not logged (the parts add up to {figure(sums[0])})" if left > self.settings.unexplained else ""

    def _unequal(self, weighted: Mapping[str, float], alphas: Mapping[str, float]) -> str:
        """Which weighted parts are far from their weight."""
        apart = {n: _share(weighted, n) / _share(alphas, n) for n in alphas if alphas[n] > 0}
        far = {n: r for n, r in apart.items() if not 1 / self.settings.apart <= r <= self.settings.apart}
        return ", ".join(
            f"{plain(n)} weighs {figure(r, 2)} times what its weight says ({percent(_share(weighted, n))})" for n, r in far.items()
        )


def _share(values: Mapping[str, float], name: str) -> float:
    return values[name] / sum(values.values())


def _evidence(history: History, names: Mapping[str, float]) -> tuple[Evidence, ...]:
    """The total and its parts, as one evaluation printed them."""
    evaluation = history.now.evaluation
    at = evaluation.evidence
    return tuple(Evidence(n, evaluation.values[n], at.step, at.epoch, at.source, at.attempt, at.line) for n in ("eval_loss", *names))


KIND = Kind(
    name="loss_component_imbalance",
    summary="the parts of an eval loss against their configured weights",
    needs="the parts of the eval loss, and their weights",
    settings=Settings,
    make=LossComponentImbalance,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    confirm=3,
)
