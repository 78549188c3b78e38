"""Early stopping counted as the frameworks count it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from tests.rules.records import Row, climbed, judge

from trainwatch.rules.kinds.framework_patience import FrameworkPatience, Settings

NAN = float("nan")


def walk(seed: int, *, bad: bool = False) -> list[float]:
    """A metric that falls, stays and jumps about, with equal values and, where asked for, values that are not finite."""
    dice = random.Random(seed)
    values, value = [], 2.0
    for _ in range(30):
        value = max(value + dice.choice([-0.1, -0.02, 0.0, 0.0, 0.01, 0.05]), 0.0)
        values.append(dice.choice([NAN, math.inf]) if bad and dice.random() < 0.1 else round(value, 3))
    return values


def ours(values: list[float], **settings: float | str | bool) -> int | None:
    """The 0-based evaluation at which our rule stops."""
    rule = FrameworkPatience(Settings(**settings))
    return next((i for i, v in enumerate(values) if rule.check(v)), None)


def transformers_stops(values: list[float], patience: int, threshold: float, *, greater: bool) -> int | None:
    """The real callback, with the best metric kept as `Trainer._determine_best_metric` does: after the callbacks."""
    from transformers import EarlyStoppingCallback, TrainerControl, TrainerState

    callback = EarlyStoppingCallback(early_stopping_patience=patience, early_stopping_threshold=threshold)
    args = SimpleNamespace(metric_for_best_model="loss", greater_is_better=greater)
    state, control = TrainerState(), TrainerControl()
    for i, value in enumerate(values):
        callback.on_evaluate(args, state, control, {"eval_loss": value})
        if control.should_training_stop:
            return i
        if state.best_metric is None or (value > state.best_metric if greater else value < state.best_metric):
            state.best_metric = value
    return None


@pytest.mark.parametrize("patience", [1, 2, 3, 5])
@pytest.mark.parametrize("threshold", [0.0, 0.03])
def test_hugging_face(patience: int, threshold: float) -> None:
    """The same evaluation as transformers' own callback, for losses and for scores, with NaN among them."""
    for seed in range(40):
        values = walk(seed, bad=seed % 2 == 1)
        expected = transformers_stops(values, patience, threshold, greater=False)
        assert ours(values, framework="hf", patience=patience, min_delta=threshold) == expected
        mirrored = transformers_stops([-v for v in values], patience, threshold, greater=True)
        assert ours(values, framework="hf", patience=patience, min_delta=threshold) == mirrored


@dataclass
class Lightning:
    """`lightning.pytorch.callbacks.EarlyStopping`, mode min: the documented criteria in their order."""

    patience: int
    min_delta: float
    check_finite: bool
    best: float = math.inf
    wait: int = 0

    def stops(self, current: float) -> bool:
        """`_evaluate_stopping_criteria`; min_delta is negated for mode min, as in the constructor."""
        delta = -abs(self.min_delta)
        if self.check_finite and not math.isfinite(current):
            return True
        if current - delta < self.best:
            self.best, self.wait = current, 0
            return False
        self.wait += 1
        return self.wait >= self.patience


@dataclass
class Keras:
    """`keras.callbacks.EarlyStopping`, mode min, without a baseline: `on_epoch_end`."""

    patience: int
    min_delta: float
    start_from_epoch: int
    best: float = math.inf
    wait: int = 0

    def stops(self, current: float, epoch: int) -> bool:
        """min_delta is negated for mode min, as in the constructor."""
        if epoch < self.start_from_epoch:
            return False
        self.wait += 1
        if current + abs(self.min_delta) < self.best:
            self.best, self.wait = current, 0
            return False
        return self.wait >= self.patience and epoch > 0


@pytest.mark.parametrize("patience", [1, 3, 5])
@pytest.mark.parametrize("delta", [0.0, 0.03])
@pytest.mark.parametrize("finite", [True, False])
def test_lightning(patience: int, delta: float, finite: bool) -> None:  # noqa: FBT001
    """The same check as the documented criteria; a value that is not finite stops at once where that is asked for."""
    for seed in range(40):
        values, theirs = walk(seed, bad=seed % 2 == 1), Lightning(patience, delta, finite)
        expected = next((i for i, v in enumerate(values) if theirs.stops(v)), None)
        assert ours(values, framework="lightning", patience=patience, min_delta=delta, check_finite=finite) == expected


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("delta", [0.0, 0.03])
@pytest.mark.parametrize("start", [0, 4])
def test_keras(patience: int, delta: float, start: int) -> None:
    """The same epoch as the documented method; never the first one, whatever the patience."""
    for seed in range(40):
        values, theirs = walk(seed, bad=seed % 2 == 1), Keras(patience, delta, start)
        expected = next((i for i, v in enumerate(values) if theirs.stops(v, i)), None)
        assert ours(values, framework="keras", patience=patience, min_delta=delta, start_from_epoch=start) == expected


def test_a_metric_that_is_better_when_higher() -> None:
    """The direction is that of the primary metric; evaluations of a run count as they are printed."""
    rows: list[Row] = [("eval", {"step": 10.0 * (i + 1), "eval_accuracy": v}) for i, v in enumerate([0.5, 0.6, 0.7, 0.6, 0.7, 0.69])]
    _, events = judge(rows, {"metric_for_best_model": "accuracy"}, "compat_lightning")

    assert climbed(events, "lightning_early_stopping") == [("red", 60)]
    assert events[0].action == "stop"


def test_a_framework_that_nobody_knows() -> None:
    """Refused with the names of those that are known."""
    with pytest.raises(ValueError, match="hf, lightning, keras"):
        Settings(framework="caffe")
