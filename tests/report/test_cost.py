from dataclasses import replace

import pytest
from tests.report.conftest import Overfit, event

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best
from trainwatch.model.span import Span
from trainwatch.report.compose import compose


def test_hours_and_gpu_hours_of_the_whole_run(overfit: Overfit):
    """11 h 40 min 45 s on eight devices are 93.4 GPU-hours."""
    cost = compose(overfit.snapshot()).cost
    assert cost.hours == pytest.approx(11.679, abs=1e-3)
    assert cost.gpu_hours == pytest.approx(93.43, abs=1e-2)
    assert "train.out:3" in cost.assumption


def test_without_a_clock_or_devices_nothing_is_guessed(overfit: Overfit):
    """Hours and GPU-hours are unknown rather than invented, and the sentence says what is missing."""
    overfit.span = Span()
    overfit.facts = {}
    report = compose(overfit.snapshot())
    assert (report.cost.hours, report.cost.gpus, report.cost.gpu_hours) == (None, None, None)
    assert "no clock" in report.cost.assumption
    assert [c.saved_hours for c in report.counterfactuals] == [None] * 4
    assert report.counterfactuals[2].share == pytest.approx(0.7)


def test_each_level_of_a_stopping_rule_has_its_counterfactual(overfit: Overfit):
    """Stopping at step 40, 50, 60 of 200 saves 74.7, 70.1 and 65.4 of 93.4 GPU-hours at an even pace."""
    got = [(c.severity, round(c.saved_gpu_hours or 0, 1)) for c in compose(overfit.snapshot()).counterfactuals]
    assert got == [("yellow", 74.7), ("orange", 70.1), ("red", 65.4), ("black", 51.4)]


def test_arrival_times_win_over_an_even_pace(overfit: Overfit):
    """With arrivals the saving is the time that really followed the event."""
    overfit.span = Span(1000.0, 2000.0, "arrivals", absolute=True)
    overfit.more["events"] = (replace(event(60, "RED", "stop"), at=1250.0),)
    (only,) = compose(overfit.snapshot()).counterfactuals
    assert only.share == pytest.approx(0.75)
    assert "arrival" in only.assumption


def test_a_rule_that_never_asks_for_a_stop_has_none(overfit: Overfit):
    """Rules that only notify or save save no hours."""
    overfit.more["events"] = (event(30, "ORANGE", "save", rule="best_unsaved"),)
    assert compose(overfit.snapshot()).counterfactuals == ()


def test_best_seen_and_best_on_disk_are_two_numbers(overfit: Overfit):
    """At step 60 the best evaluation had been printed and no checkpoint of it existed; after step 100 one of another step does."""
    overfit.more["events"] = (event(60, "RED", "stop"), event(120, "BLACK", "stop"))
    early, late = compose(overfit.snapshot()).counterfactuals
    assert (early.best_seen, early.best_on_disk, early.value_at_stop) == (0.27, None, 0.31)
    assert (late.best_seen, late.best_on_disk) == (0.27, 0.78)


def test_a_torn_checkpoint_holds_nothing(overfit: Overfit):
    """A checkpoint whose proof failed is not what is on disk."""
    overfit.saved = ()
    overfit.checkpoints = (CheckpointSeen(0.0, "out/checkpoint-30", 30, complete=False, why="no trainer_state.json"),)
    assert compose(overfit.snapshot()).counterfactuals[2].best_on_disk is None


def test_a_resumed_run_counts_from_where_its_log_begins(overfit: Overfit):
    """A log that begins at step 110 covers the steps from 100 on: half of its time came after step 150."""
    resumed = Series()
    resumed.extend([1.0 - i / 20 for i in range(10)], 110, 200)
    overfit.more |= {"series": {"loss": resumed}, "events": (event(150, "RED", "stop"),)}
    (only,) = compose(overfit.snapshot()).counterfactuals
    assert only.share == pytest.approx(0.5)


def test_phases_of_a_resumed_run_fill_its_time(overfit: Overfit):
    """The shares of the phases are of the time that the log covers."""
    resumed = Series()
    resumed.extend([1.0 - i / 20 for i in range(10)], 21, 200)
    overfit.more["series"] = {"loss": resumed}
    shares = [s.share for s in compose(overfit.snapshot()).stretches]
    assert sum(s or 0 for s in shares) == pytest.approx(1.0)


def test_what_came_after_the_best_is_hindsight(overfit: Overfit):
    """170 of 200 steps, 85 % of the hours; nothing when the best is the last."""
    waste = compose(overfit.snapshot()).waste
    assert waste is not None
    assert (waste.steps, waste.share) == (170, pytest.approx(0.85))
    assert waste.gpu_hours == pytest.approx(93.43 * 0.85, abs=0.01)
    overfit.more["best"] = Best("eval_loss", "min", 0.1, 200, 100.0)
    assert compose(overfit.snapshot()).waste is None
