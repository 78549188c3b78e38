"""Early stopping counted as the frameworks count it: against their own classes."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, climbed, judge

from trainwatch.rules.kinds.framework_patience import FrameworkPatience, Settings

NAN = float("nan")
VALUES = st.integers(-40, 40).map(lambda n: n / 1000 + 0.3) | st.sampled_from([NAN, math.inf, -math.inf, 0.0, -2.5, 1e30])
HISTORIES = st.lists(VALUES, max_size=25)
DELTAS = st.sampled_from([0.0, 0.001, 0.01, 0.03])
LIMITS = st.sampled_from(["", "0.28", "0.31", "-1"])
"""Values as logs print them, with ties, steps of exactly min_delta, and what is not finite."""


def walk(seed: int, *, bad: bool = False) -> list[float]:
    """A metric that falls, stays and jumps about, with equal values and, where asked for, values that are not finite."""
    dice = random.Random(seed)
    values, value = [], 2.0
    for _ in range(30):
        value = max(value + dice.choice([-0.1, -0.02, 0.0, 0.0, 0.01, 0.05]), 0.0)
        values.append(dice.choice([NAN, math.inf]) if bad and dice.random() < 0.1 else round(value, 3))
    return values


def ours(values: list[float], sign: int = 1, **stated: float | str | bool) -> int | None:
    """The 0-based evaluation at which our rule stops; `sign` -1 for a metric that is better when higher."""
    rule = FrameworkPatience(Settings(**stated))
    return next((i for i, v in enumerate(values) if rule.check(v, sign)), None)


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


@settings(max_examples=150, deadline=None)
@given(values=HISTORIES, patience=st.integers(1, 6), threshold=DELTAS)
def test_hugging_face_on_any_history(values: list[float], patience: int, threshold: float) -> None:
    """The same evaluation as transformers' own callback, whatever the metric does, for losses and for scores."""
    for sign in (1, -1):
        expected = transformers_stops(values, patience, threshold, greater=sign < 0)
        assert ours(values, sign, framework="hf", patience=patience, min_delta=threshold) == expected


def number(text: str) -> float | None:
    """A threshold as a framework takes it."""
    return float(text) if text else None


def lightning_stops(values: list[float], mode: str, **stated: Any) -> int | None:
    """`lightning.pytorch.callbacks.EarlyStopping` itself, after each validation."""
    import torch
    from lightning.pytorch.callbacks import EarlyStopping
    from lightning.pytorch.trainer.states import TrainerFn

    callback: Any = EarlyStopping("val_loss", mode=mode, check_on_train_epoch_end=False, **stated)
    for i, value in enumerate(values):
        trainer = SimpleNamespace(
            callback_metrics={"val_loss": torch.tensor(value)},
            strategy=SimpleNamespace(reduce_boolean_decision=lambda stop, **_: stop),
            state=SimpleNamespace(fn=TrainerFn.FITTING),
            sanity_checking=False,
            fast_dev_run=False,
            should_stop=False,
            current_epoch=i,
        )
        callback.on_validation_end(trainer, None)
        if trainer.should_stop:
            return i
    return None


@settings(max_examples=200, deadline=None)
@given(values=HISTORIES, patience=st.integers(1, 6), delta=DELTAS, finite=st.booleans(), stopping=LIMITS, divergence=LIMITS)
def test_lightning(values: list[float], *, patience: int, delta: float, finite: bool, stopping: str, divergence: str) -> None:
    """The same validation as Lightning's own callback, for both modes, with and without its thresholds."""
    limits = {"stopping_threshold": stopping, "divergence_threshold": divergence}
    for mode, sign in (("min", 1), ("max", -1)):
        theirs = {name: number(text) for name, text in limits.items()}
        expected = lightning_stops(values, mode, patience=patience, min_delta=delta, check_finite=finite, **theirs)
        mine = ours(values, sign, framework="lightning", patience=patience, min_delta=delta, check_finite=finite, **limits)
        assert mine == expected


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keras' callbacks on torch; what it writes at its first import does not go to the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        from keras import callbacks
    return callbacks


def keras_stops(callbacks: Any, values: list[float], mode: str, **stated: Any) -> int | None:
    """`keras.callbacks.EarlyStopping` itself, at the end of each epoch."""
    callback = callbacks.EarlyStopping("val_loss", mode=mode, **stated)
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for i, value in enumerate(values):
        callback.on_epoch_end(i, {"val_loss": value})
        if model.stop_training:
            return i
    return None


@settings(max_examples=200, deadline=None)
@given(values=HISTORIES, patience=st.integers(0, 6), delta=DELTAS, start=st.integers(0, 4), baseline=LIMITS)
def test_keras(keras: Any, *, values: list[float], patience: int, delta: float, start: int, baseline: str) -> None:
    """The same epoch as Keras' own callback, for both modes, with and without a baseline; never the first one, whatever the patience."""
    for mode, sign in (("min", 1), ("max", -1)):
        expected = keras_stops(keras, values, mode, patience=patience, min_delta=delta, start_from_epoch=start, baseline=number(baseline))
        mine = ours(values, sign, framework="keras", patience=patience, min_delta=delta, start_from_epoch=start, baseline=baseline)
        assert mine == expected


def test_a_metric_that_is_better_when_higher() -> None:
    """The direction is that of the primary metric; evaluations of a run count as they are printed."""
    rows: list[Row] = [("eval", {"step": 10.0 * (i + 1), "eval_accuracy": v}) for i, v in enumerate([0.5, 0.6, 0.7, 0.6, 0.7, 0.69])]
    _, events = judge(rows, {"metric_for_best_model": "accuracy"}, "compat_lightning")

    assert climbed(events, "lightning_early_stopping") == [("red", 60)]
    assert events[0].action == "stop"


def test_a_framework_that_nobody_knows() -> None:
    """Refused with the names of those that are known; so are thresholds that are no numbers."""
    with pytest.raises(ValueError, match="hf, lightning, keras"):
        Settings(framework="caffe")
    with pytest.raises(ValueError, match="baseline 'low' is no number"):
        Settings(framework="keras", baseline="low")
