"""The early stopping of Hugging Face, Lightning and Keras, counted exactly as they count."""

from __future__ import annotations

import math
import struct
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
    `lightning`: patience, min_delta, check_finite (a value that is not finite stops at once), stopping_threshold, divergence_threshold.
    `keras`: patience, min_delta, `start_from_epoch` (evaluations left out), baseline; never stops at the first evaluation.
    The last three are numbers as texts, empty for none. `metric` is the one monitored, the primary one when empty.
    What the framework compared had more digits than a log prints: two values that print alike are alike here.
    """

    framework: str = "hf"
    patience: int = 1
    min_delta: float = 0.0
    check_finite: bool = True
    start_from_epoch: int = 0
    stopping_threshold: str = ""
    divergence_threshold: str = ""
    baseline: str = ""
    metric: str = ""

    def __post_init__(self) -> None:
        """Refuse frameworks that are not known, and thresholds that are no numbers; ValueError."""
        if self.framework not in FRAMEWORKS:
            raise ValueError(f"{self.framework!r} is none of: {', '.join(FRAMEWORKS)}")
        for name in ("stopping_threshold", "divergence_threshold", "baseline"):
            try:
                _limit(getattr(self, name))
            except ValueError:
                raise ValueError(f"{name} {getattr(self, name)!r} is no number") from None


def _limit(text: str) -> float | None:
    """A threshold, None where there is none. Raises ValueError."""
    return _single(float(text)) if text else None


def _single(value: float) -> float:
    """The nearest number of single precision, in which Lightning and Keras compare."""
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        found = math.copysign(math.inf, value)
    return found


class FrameworkPatience(Rule):
    """Keeps the best value, the counter, and the number of evaluations, as the callback does."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._best: float | None = None
        self._limits = [_limit(text) for text in (settings.stopping_threshold, settings.divergence_threshold, settings.baseline)]
        self._wait = 0
        self._count = 0

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Count every evaluation that has the metric."""
        name = self.settings.metric or history.metric
        if block.kind != "eval" or name not in block.columns:
            return ()
        way = direction(name, history.plan.text("greater_is_better")) or "min" if self.settings.metric else history.direction
        value = block.columns[name][0]
        stop = self.check(value, 1 if way == "min" else -1)
        if not stop:
            return [(0, ok(f"{self._wait} of {self.settings.patience}", negated=True))]
        at = printed(block, name, 0)
        patience = self.settings.patience
        waited = f"evaluation {self._wait} without improvement; patience is {patience}"
        what = "not finite" if not math.isfinite(value) else waited if self._wait >= patience else "beyond a threshold"
        why = f"{name} {figure(value)}{place(at.step, at.epoch)}: {what}, so the callback of {self.settings.framework} would stop here"
        return [(0, fired(Severity.RED, why, (at,), "the callback would not have come back"))]

    def check(self, value: float, sign: int = 1) -> bool:
        """Take in a value that is better when lower, or with `sign` -1 when higher; whether the callback stops."""
        self._count += 1
        stopping, divergence, baseline = (limit if limit is None else sign * limit for limit in self._limits)
        match self.settings.framework:
            case "hf":
                return self._hf(sign * value)
            case "lightning":
                return self._lightning(_single(sign * value), stopping, divergence)
            case _:
                return self._keras(sign * value, baseline)

    def _hf(self, value: float) -> bool:
        """`EarlyStoppingCallback`, before `Trainer` takes note of the best metric."""
        best = self._best
        self._wait = 0 if best is None or (value < best and abs(value - best) > self.settings.min_delta) else self._wait + 1
        if best is None or value < best:
            self._best = value
        return self._wait >= self.settings.patience

    def _lightning(self, value: float, stopping: float | None, divergence: float | None) -> bool:
        """`EarlyStopping._evaluate_stopping_criteria`."""
        if self.settings.check_finite and not math.isfinite(value):
            return True
        if (stopping is not None and value < stopping) or (divergence is not None and value > divergence):
            return True
        if _single(value + _single(self.settings.min_delta)) < (math.inf if self._best is None else self._best):
            self._best, self._wait = value, 0
            return False
        self._wait += 1
        return self._wait >= self.settings.patience

    def _keras(self, value: float, baseline: float | None) -> bool:
        """`EarlyStopping.on_epoch_end`: the first value is the best so far, whatever it is."""
        if self._count <= self.settings.start_from_epoch:
            return False
        self._wait += 1
        bettered = _single(value + self.settings.min_delta)
        if self._best is None or bettered < _single(self._best):
            self._best = value
            if baseline is None or bettered < baseline:
                self._wait = 0
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
