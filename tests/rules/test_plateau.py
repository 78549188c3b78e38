"""A plateau of the train loss, in a run that is never evaluated."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, blocks, climbed, curve, judge

from trainwatch.rules.stretches import Stretches


def trained(level: int = 400, noise: float = 0.02, seed: int = 1, count: int = 1000) -> list[Row]:
    """Train records only: the loss falls until record `level` and stays there."""
    dice = random.Random(seed)
    return [("train", {"step": float(i + 1), "loss": 4 - 2.5 * min(i, level) / level + dice.gauss(0, noise)}) for i in range(count)]


def raised(rows: list[Row], cuts: list[int] | None = None, **facts: float | str) -> list[tuple[str, int | None]]:
    """What the rule said."""
    return climbed(judge(rows, facts, "full", cuts or [])[1], "plateau")


def test_a_train_loss_at_rest() -> None:
    """Yellow once stretches of 5 % say the same and their newer half promises no more; orange two stretches later."""
    found = raised(trained(), total_steps=1000.0)

    assert [severity for severity, _ in found] == ["yellow", "orange"]
    assert 550 <= (found[0][1] or 0) <= 850


def test_a_train_loss_that_falls_is_no_plateau() -> None:
    """Neither straight nor ever more slowly, as long as a power law promises more; without a length nothing is said."""
    dice = random.Random(2)
    slow: list[Row] = [("train", {"step": float(i), "loss": 2 + 4 * i**-0.3 + dice.gauss(0, 0.01)}) for i in range(1, 900)]

    assert raised(trained(level=1000), total_steps=1000.0) == []
    assert raised(slow, total_steps=1000.0) == []
    assert raised(trained()) == []


def test_what_forbids_it() -> None:
    """Evaluations decide where there are any; a step schedule may end a plateau; warm-up is none."""
    train = [values["loss"] for _, values in trained(count=600)]
    evals = [4 - 0.001 * i for i in range(600)]

    assert raised(curve(train, evals, every=1), total_steps=600.0) == []
    assert raised(trained(), total_steps=1000.0, lr_scheduler_type="multistep") == []
    assert raised(trained(), total_steps=1000.0, warmup_steps=2000.0) == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 999), max_size=15), st.integers(0, 3))
def test_stretches_do_not_depend_on_how_records_are_cut(cuts: list[int], seed: int) -> None:
    """The same findings for one block and for many."""
    rows = trained(seed=seed)

    assert raised(rows, sorted(set(cuts)), total_steps=1000.0) == raised(rows, total_steps=1000.0)


def test_long_stretches_are_thinned() -> None:
    """A stretch of a hundred thousand records keeps a few thousand, whatever the blocks."""
    rows = trained(count=100_000, level=50_000)
    whole, cut = Stretches(), Stretches()
    for one, cuts in ((whole, []), (cut, [7, 5000, 70_001])):
        for block in blocks(rows, cuts):
            list(one.fill(block, 0, 40_000.0))

    assert whole.medians == cut.medians
    assert len(whole.medians) == 2
    assert abs(whole.medians[0] - 3.0) < 0.01
