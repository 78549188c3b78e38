"""Healthy runs that look ill: none of them may be stopped."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from tests.rules.records import Row, curve, judge

EVERY = 10


def fall(i: int, start: float = 4.0, floor: float = 1.0, pace: float = 0.03) -> float:
    """A loss that falls towards its floor."""
    return floor + (start - floor) * math.exp(-pace * i)


def noisy(count: int, noise: float, seed: int = 1, **shape: float) -> list[Row]:
    """A healthy run with noise on both losses."""
    dice = random.Random(seed)
    return curve(
        [fall(i, **shape) + dice.gauss(0, noise) for i in range(count)],
        [fall(i, **shape) + 0.1 + dice.gauss(0, noise) for i in range(count)],
    )


def restarts() -> list[Row]:
    """A cosine schedule with restarts: after each the losses jump up and come down further."""
    rates = [1e-4 + 1e-3 * (1 + math.cos(math.pi * (i % 25) / 25)) for i in range(100)]
    bump = [0.6 * math.exp(-0.3 * (i % 25)) if i >= 25 else 0.0 for i in range(100)]
    train = [fall(i) + 0.5 * b for i, b in enumerate(bump)]
    return curve(train, [fall(i) + 0.1 + b for i, b in enumerate(bump)], learning_rate=rates)


def drops() -> list[Row]:
    """A step schedule: the eval loss creeps up before each drop, and falls at it."""
    rates = [1e-1 * 0.1 ** (i // 30) for i in range(90)]
    evals = [2.0 - 0.5 * (i // 30) + 0.002 * (i % 30) for i in range(90)]
    return curve([fall(i) for i in range(90)], evals, learning_rate=rates)


def quantised() -> list[Row]:
    """An accuracy on 20 samples as the only metric."""
    dice = random.Random(2)
    rows = noisy(60, 0.01)
    return [
        (k, v if k == "train" else {"step": v["step"], "eval_accuracy": round(0.5 + 0.3 * i / 120 + dice.gauss(0, 0.05), 1)})
        for i, (k, v) in enumerate(rows)
    ]


def negative() -> list[Row]:
    """A log-likelihood that goes from above to far below zero."""
    dice = random.Random(3)
    return curve([1 - 0.05 * i + dice.gauss(0, 0.02) for i in range(80)], [1.1 - 0.05 * i + dice.gauss(0, 0.03) for i in range(80)])


def rewarded() -> list[Row]:
    """GRPO: the loss starts at zero and rises with the KL distance."""
    return curve([0.001 * i for i in range(60)], [0.002 * i for i in range(60)], reward=[0.01 * i for i in range(60)])


def dropout() -> list[Row]:
    """Eval loss below train loss: dropout is on in training only."""
    dice = random.Random(4)
    return curve([fall(i) + 0.5 + dice.gauss(0, 0.02) for i in range(80)], [fall(i) + dice.gauss(0, 0.02) for i in range(80)])


def resumed() -> list[Row]:
    """A run that dies and goes on from an older checkpoint, three times."""
    rows = noisy(60, 0.02)
    return [*rows[:60], *rows[40:90], *rows[70:110], *rows[90:]]


def masked() -> list[Row]:
    """A single NaN gradient in a long run."""
    rows = curve([fall(i) for i in range(80)], [fall(i) + 0.1 for i in range(80)], grad_norm=[1.0] * 80)
    rows[100] = ("train", {**rows[100][1], "grad_norm": math.nan})
    return rows


def by_heart() -> list[Row]:
    """A task that can be learnt perfectly: both losses go to nothing."""
    return curve([2.0 * 0.8**i for i in range(40)], [2.1 * 0.82**i for i in range(40)])


def warming() -> list[Row]:
    """467 steps of warm-up, logarithmic as DeepSpeed does it: the losses jump about until it is over."""
    dice = random.Random(6)
    rates = [1e-3 * min(math.log(1 + 10 * i) / math.log(467), 1.0) for i in range(100)]
    noise = [0.3 if 10 * i < 467 else 0.02 for i in range(100)]
    train = [fall(max(i - 30, 0), start=8.0) + dice.gauss(0, noise[i]) for i in range(100)]
    return curve(train, [fall(max(i - 30, 0), start=8.0) + 0.1 + dice.gauss(0, noise[i]) for i in range(100)], learning_rate=rates)


def summed() -> list[Row]:
    """A train loss summed over eight micro-batches, beside an eval loss that is a mean."""
    dice = random.Random(7)
    return curve([8 * (fall(i) + dice.gauss(0, 0.02)) for i in range(80)], [fall(i) + 0.1 + dice.gauss(0, 0.02) for i in range(80)])


def converged() -> list[Row]:
    """A run that has come to its floor and stays there, with noise."""
    return noisy(120, 0.05, pace=0.2)


TRAPS: dict[str, Callable[[], list[Row]]] = {
    "warm-up": warming,
    "accumulation scale": summed,
    "noise": lambda: noisy(80, 0.05),
    "four times the noise": lambda: noisy(80, 0.2),
    "cosine restarts": restarts,
    "step drops": drops,
    "quantised eval": quantised,
    "negative loss": negative,
    "logarithmic loss": lambda: curve(
        [math.log(fall(i, floor=0.2)) for i in range(80)], [math.log(fall(i, floor=0.2) + 0.02) for i in range(80)]
    ),
    "reinforcement": rewarded,
    "dropout": dropout,
    "resume": resumed,
    "masked NaN": masked,
    "learnt by heart": by_heart,
    "converged": converged,
}


@pytest.mark.parametrize("preset", ["default", "full", "finetune", "pretrain", "rl"])
@pytest.mark.parametrize("planned", [True, False], ids=["length known", "length unknown"])
@pytest.mark.parametrize("trap", TRAPS)
def test_a_healthy_run_is_never_stopped(trap: str, planned: bool, preset: str) -> None:  # noqa: FBT001
    """Whatever a healthy run looks like, no rule asks to stop it."""
    rows = TRAPS[trap]()
    facts = {"total_steps": rows[-1][1]["step"]} if planned else {}
    _, events = judge(rows, {**facts, "gradient_accumulation_steps": 8.0}, preset)

    assert [e.why for e in events if e.action == "stop"] == []


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_stops_nothing_at_any_cadence(seed: int) -> None:
    """Few or many evaluations of a run that learns: none of twenty is stopped."""
    for count in (10, 20, 60, 150):
        rows = noisy(count, 0.04, seed, pace=4 / count)
        _, events = judge(rows, {"total_steps": count * EVERY}, "default")
        assert [e.why for e in events if e.action == "stop"] == []


@pytest.mark.parametrize("count", [12, 20, 60, 150])
def test_a_run_that_overfits_is_stopped_at_any_cadence(count: int) -> None:
    """The train loss falls on, the eval loss turns and rises by half: red comes before the end, after the best."""
    dice = random.Random(count)
    train = [fall(i, pace=5 / count) for i in range(count)]
    evals = [fall(i, pace=12 / count) + max(i - 0.4 * count, 0) / count + dice.gauss(0, 0.01) for i in range(count)]
    _, events = judge(curve(train, evals), {"total_steps": count * EVERY}, "default")
    best = min(range(count), key=lambda i: evals[i])
    stops = [e.eval_index for e in events if e.action == "stop" and e.rule == "overfit"]

    assert stops
    assert best < (stops[0] or 0) < count - 1
