"""The early stopping of Hugging Face, Lightning and Keras, counted exactly as they count."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok
from trainwatch.rules.metric import direction

FRAMEWORKS = ("hf", "lightning", "keras")


@dataclass(frozen=True, slots=True)
class Settings:
    """`framework` is `hf`, `lightning` or `keras`; the others are its own parameters under their own names.

    `hf`: early_stopping_patience and early_stopping_threshold (`min_delta`); the best value follows every improvement, however small.
    `lightning`: patience, min_delta, and check_finite (a value that is not finite stops at once).
    `keras`: patience, min_delta, `start_from_epoch` (evaluations left out); never stops at the first evaluation.
    `metric` is the one monitored, the primary one when empty.
    """

    framework: str = "hf"
    patience: int = 1
    min_delta: float = 0.0
    check_finite: bool = True
    start_from_epoch: int = 0
    metric: str = ""

    def __post_init__(self) -> None:
        """Refuse frameworks that are not known; ValueError."""
        if self.framework not in FRAMEWORKS:
            raise ValueError(f"{self.framework!r} is none of: {', '.join(FRAMEWORKS)}")


class FrameworkPatience(Rule):
    """Keeps the best value, the counter, and the number of evaluations, as the callback does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._best: float | None = None
        self._wait = 0
        self._count = 0

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Count every evaluation that has the metric."""
        name = self.settings.metric or history.metric
        if block.kind != "eval" or name not in block.columns:
            return ()
        way = direction(name, history.plan.text("greater_is_better")) or "min" if self.settings.metric else history.direction
        value = block.columns[name][0]
        stop = self.check(value if way == "min" else -value)
        if not stop:
            return [(0, ok(f"{self._wait} of {self.settings.patience}", negated=True))]
        at = printed(block, name, 0)
        what = (
            "not finite"
            if not math.isfinite(value)
            else f"evaluation {self._wait} without improvement; patience is {self.settings.patience}"
        )
        why = f"{name} {figure(value)}{place(at.step, at.epoch)}: {what}, so the callback of {self.settings.framework} would stop here"
        return [(0, fired(Severity.RED, why, (at,), "the callback would not have come back"))]

    def check(self, value: float) -> bool:
        """Take in a value that is better when lower; whether the callback stops."""
        self._count += 1
        match self.settings.framework:
            case "hf":
                return self._hf(value)
            case "lightning":
                return self._lightning(value)
            case _:
                return self._keras(value)

    def _hf(self, value: float) -> bool:
        """`EarlyStoppingCallback`, before `Trainer` takes note of the best metric."""
        best = self._best
        self._wait = 0 if best is None or (value < best and abs(value - best) > self.settings.min_delta) else self._wait + 1
        if best is None or value < best:
            self._best = value
        return self._wait >= self.settings.patience

    def _lightning(self, value: float) -> bool:
        """`EarlyStopping._evaluate_stopping_criteria`."""
        if self.settings.check_finite and not math.isfinite(value):
            return True
        if value + self.settings.min_delta < (math.inf if self._best is None else self._best):
            self._best, self._wait = value, 0
            return False
        self._wait += 1
        return self._wait >= self.settings.patience

    def _keras(self, value: float) -> bool:
        """`EarlyStopping.on_epoch_end`."""
        if self._count <= self.settings.start_from_epoch:
            return False
        self._wait += 1
        if value + self.settings.min_delta < (math.inf if self._best is None else self._best):
            self._best, self._wait = value, 0
            return False
        return self._wait >= self.settings.patience and self._count > 1


KIND = Kind(
    name="framework_patience",
    summary="early stopping as Hugging Face, Lightning and Keras count it",
    needs="evaluations",
    settings=Settings,
    make=FrameworkPatience,
    ladder={Severity.RED: "stop"},
    stop_by_default=True,
)
