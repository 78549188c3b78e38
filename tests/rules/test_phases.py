from __future__ import annotations

import math

from tests.rules.records import Row, block, board, curve, judge


def names(rows: list[Row], facts: dict[str, float | str | bool] | None = None) -> list[str]:
    """The phases of a run, in order."""
    return [p.phase for p in judge(rows, facts)[0].phases()]


def test_nothing_read_has_no_phase() -> None:
    """Before the first record there is nothing to name."""
    assert board().phases() == ()


def test_before_the_first_evaluation_it_is_warm_up_only_where_one_can_come() -> None:
    """With evaluations configured, warm-up; else nobody can tell."""
    rows: list[Row] = [("train", {"step": 1.0, "loss": 2.0})]

    assert names(rows, {"eval_steps": 10}) == ["warm-up"]
    assert names(rows, {"eval_strategy": "epoch"}) == ["warm-up"]
    assert names(rows, {"eval_strategy": "no"}) == ["unsure"]
    assert names(rows) == ["unsure"]


def test_the_first_evaluation_takes_the_warm_up_in() -> None:
    """The stretch before it belongs to its phase."""
    seated, _ = judge(curve([2.0, 1.0], [2.0, 1.0]), {"eval_steps": 10})
    (healthy,) = seated.phases()

    assert (healthy.phase, healthy.step_start, healthy.step_end) == ("healthy", 0, 20)


def test_a_new_best_makes_all_before_it_healthy() -> None:
    """A rise that was overcome was no divergence."""
    up = curve([1.0, 0.9, 0.8, 0.7, 0.6], [1.0, 0.9, 1.0, 1.1, 1.2])
    back = curve([1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 0.9, 1.0, 1.1, 1.2, 0.8])

    assert names(up, {"total_steps": 100}) == ["healthy", "severe"]
    assert names(back, {"total_steps": 100}) == ["healthy"]


def test_noise_in_a_run_of_many_evaluations_is_no_divergence() -> None:
    """A run at its floor stays healthy until it is called a plateau."""
    evals = [1.0 + 0.01 * math.sin(7.3 * i) + 0.5 * math.exp(-i / 5) for i in range(60)]

    assert names(curve([1.0 - 0.001 * i for i in range(60)], evals), {"total_steps": 600}) == ["healthy", "plateau"]


def test_losses_that_are_not_finite_make_it_unstable() -> None:
    """As long as the rule holds, whatever the evaluations say."""
    rows = curve([2.0, 1.9, math.nan, math.nan, math.nan, math.nan, 1.8], [2.0, 1.9, 1.85, 1.84, 1.83, 1.82, 1.81])

    assert names(rows, {"total_steps": 100}) == ["healthy", "unstable"]


def test_a_single_odd_evaluation_between_equals_is_smoothed_away() -> None:
    """A state must last two evaluations, except at the end."""
    rows = curve([1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 0.9, 0.97, 1.2, 0.97, 0.975])

    assert names(rows, {"total_steps": 100}) == ["healthy", "divergence"]


def test_a_run_that_begins_anew_in_the_same_log_is_judged_anew() -> None:
    """Steps that fall back to the first are a new start: the best of the run before is not its own."""
    first = curve([2.0 - 0.1 * i for i in range(15)], [2.0 - 0.1 * i for i in range(15)])
    again = curve([2.0 - 0.05 * i for i in range(15)], [2.1 - 0.05 * i for i in range(15)])
    seated, events = judge([*first, *again], {"total_steps": 150})
    best = seated.best()

    assert best is not None
    assert (best.step, round(best.value, 2)) == (150, 1.4)
    assert [e for e in events if e.rule in ("overfit", "early_stopping", "train_divergence")] == []
    assert len(seated.evaluations) == 30


def test_the_first_evaluation_of_a_new_start_counts() -> None:
    """Also at the step of the last one before, whether it found the same or not: it is the best of the new run."""
    train: list[Row] = [("train", {"step": float(step), "loss": 2.0}) for step in range(1, 11)]
    for value in (2.0, 2.5):
        seated, _ = judge([*train, ("eval", {"step": 10.0, "eval_loss": 2.0}), *train, ("eval", {"step": 10.0, "eval_loss": value})])
        best = seated.best()

        assert best is not None
        assert best.value == value


def test_the_end_of_the_last_phase_is_the_newest_record() -> None:
    """Also when it is a train record after the last evaluation."""
    seated, _ = judge(curve([2.0, 1.0], [2.0, 1.0]))
    seated.observe(block("train", [{"step": 27.0, "loss": 0.9}], 9))

    assert seated.phases()[-1].step_end == 27
