from __future__ import annotations

import pytest
from tests.rules.records import Row, climbed, curve, judge

from trainwatch.rules.guard import cadence, expected_evaluations, not_yet, planned_steps, warming_up

RISING = [1.0, 0.9, 0.8, 0.9, 1.0, 1.1]
FALLING = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]


@pytest.mark.parametrize(("total", "kind"), [(290, "sparse"), (300, "medium"), (999, "medium"), (1000, "dense")])
def test_cadence_is_by_the_evaluations_planned(total: float, kind: str) -> None:
    """Below 30 evaluations expected the run is sparse, below 100 medium."""
    seated, _ = judge(curve(FALLING, RISING), {"total_steps": total})

    assert cadence(seated.history) == kind


def test_a_run_of_unknown_length_is_not_called_sparse() -> None:
    """Three evaluations without a better one stop nothing when nobody says how many there will be."""
    known, stopped = judge(curve(FALLING, RISING), {"total_steps": 100})
    unknown, events = judge(curve(FALLING, RISING))

    assert ("red", 60) in climbed(stopped, "overfit")
    assert expected_evaluations(unknown.history) is None
    assert cadence(unknown.history) == "medium"
    assert "red" not in [severity for severity, _ in climbed(events, "overfit")]
    assert expected_evaluations(known.history) == 10


def test_the_length_may_be_told_by_epochs() -> None:
    """Epochs planned and passed are as good as steps."""
    rows: list[Row] = [(kind, {**values, "epoch": values["step"] / 10}) for kind, values in curve(FALLING, RISING)]
    seated, _ = judge(rows, {"num_train_epochs": 20})

    assert planned_steps(seated.history) == 200
    assert expected_evaluations(seated.history) == 20


def test_a_resumed_run_counts_its_evaluations_by_their_distance() -> None:
    """A first evaluation at step 9000 of 10000 does not make the run sparse when the next comes 10 steps later."""
    rows: list[Row] = [(kind, {**values, "step": values["step"] + 9000}) for kind, values in curve(FALLING, RISING)]
    seated, _ = judge(rows, {"total_steps": 10000})

    assert cadence(seated.history) == "dense"


def test_nothing_is_judged_during_warm_up() -> None:
    """Configured warm-up counts; else the learning rate tells, as long as it has only risen."""
    rates = [1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5]
    configured, _ = judge(curve(FALLING, RISING), {"total_steps": 100, "warmup_steps": 61})
    told, events = judge(curve(FALLING, RISING, learning_rate=rates), {"total_steps": 100})
    over, _ = judge(curve(FALLING, RISING, learning_rate=[*rates[:3], 2e-5, 1e-5, 1e-6]), {"total_steps": 100})

    assert "warming up" in not_yet(configured.history)
    assert warming_up(told.history)
    assert climbed(events, "overfit") == []
    assert not warming_up(over.history)


def test_a_constant_learning_rate_is_no_warm_up() -> None:
    """A rate that never moved has nothing to warm up."""
    seated, _ = judge(curve(FALLING, RISING, learning_rate=[1e-4] * 6), {"total_steps": 100})

    assert not warming_up(seated.history)


def test_a_learning_rate_that_jumps_silences_generalisation_for_a_while() -> None:
    """After a drop to a tenth, evaluations are not compared with those before it for five of them."""
    count = 26
    train = [2.0 - 0.05 * i for i in range(count)]
    evals = [2.0 - 0.1 * i if i < 12 else 0.9 + 0.15 * (i - 11) for i in range(count)]
    steady = judge(curve(train, evals, learning_rate=[1e-3] * count), {"total_steps": 500})[1]
    jumped = judge(curve(train, evals, learning_rate=[1e-3] * 14 + [1e-4] * 12), {"total_steps": 500})[1]
    first = {
        name: min(step for severity, step in climbed(events, "overfit") if severity in ("red", "black"))
        for name, events in (("s", steady), ("j", jumped))
    }

    assert first["s"] < 150 + 50 <= first["j"]


def test_a_linear_decay_to_nothing_is_no_jump() -> None:
    """The last steps of a decay halve the rate, smoothly."""
    count = 20
    seated, _ = judge(
        curve([1.0] * count, [1.0] * count, learning_rate=[1e-3 * (count - i) / count for i in range(count)]), {"total_steps": 500}
    )

    assert seated.history.rate_jump is None
