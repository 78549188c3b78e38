from dataclasses import replace

import pytest
from tests.report.conftest import Overfit, evaluation, event

from trainwatch.model.facts import Fact
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.schedule import FittedSchedule, Schedule
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, Progress
from trainwatch.model.verdict import RuleStatus, Verdict
from trainwatch.report.compose import compose
from trainwatch.report.markdown import to_markdown
from trainwatch.report.summary import sentences


def names(overfit: Overfit) -> dict[str, str]:
    """The findings by name."""
    return {f.finding: f.text for f in compose(overfit.snapshot()).findings}


def test_the_best_that_was_not_saved_is_named(overfit: Overfit):
    """From the log's own saving lines alone, the report says that the best evaluation has no checkpoint."""
    text = names(overfit)["best_unsaved"]
    assert "0.27 at step 30" in text
    assert "steps 100, 200" in text
    assert "0.78 at step 100" in text


def test_a_saved_best_is_no_finding(overfit: Overfit):
    """A complete checkpoint of the best step ends the matter; a torn one does not."""
    overfit.checkpoints = (CheckpointSeen(0.0, "out/checkpoint-30", 30, complete=True),)
    assert "best_unsaved" not in names(overfit)
    overfit.checkpoints = (CheckpointSeen(0.0, "out/checkpoint-30", 30, complete=False),)
    assert "best_unsaved" in names(overfit)


def test_a_checkpoint_without_a_step_may_be_the_best(overfit: Overfit):
    """Where a saving line tells no step, nothing says that the best was not saved, and its advice is not given either."""
    overfit.saved = (replace(overfit.saved[0], path="out", step=None),)
    report = compose(overfit.snapshot())
    assert "best_unsaved" not in {f.finding for f in report.findings}
    assert sentences(report)[2].endswith(": whether it was saved is not known.")
    assert not any("not on disk" in way.text for way in report.ways)
    assert "its step is not known" in to_markdown(report)
    overfit.checkpoints = (CheckpointSeen(0.0, "torn", None, complete=False), CheckpointSeen(0.0, "out/checkpoint-200", 200, complete=True))
    overfit.saved = ()
    assert "best_unsaved" in names(overfit)


def test_without_any_checkpoint_known_nothing_is_claimed(overfit: Overfit):
    """A log that never names a checkpoint does not prove that none was saved: a caveat says so instead."""
    overfit.saved = ()
    assert "best_unsaved" not in names(overfit)
    assert any("not known" in c for c in compose(overfit.snapshot()).caveats)


def test_what_came_after_the_best(overfit: Overfit):
    """170 of 200 steps came after the best evaluation, and both values are named."""
    text = names(overfit)["after_best"]
    assert "170 of 200 steps (85 %)" in text
    assert "0.27 to 0.99" in text


@pytest.mark.parametrize(("save", "best_at_end", "found"), [(100, None, True), (10, None, False), (20, None, False), (100, "True", False)])
def test_evaluations_that_saving_cannot_keep(overfit: Overfit, save: int, best_at_end: str | None, *, found: bool):
    """A cadence that keeps fewer than half of the evaluations is a finding, unless the trainer keeps the best itself."""
    overfit.facts["save_steps"] = Fact(save, "train.out", 8)
    if best_at_end:
        overfit.facts["load_best_model_at_end"] = Fact(best_at_end, "train.out", 9)
    assert ("eval_save_cadence" in names(overfit)) is found


def test_a_rate_that_is_not_the_configured_one(overfit: Overfit):
    """A printed rate that is another schedule than configured is a finding with both values and what it follows."""
    fitted = FittedSchedule("linear", {}, 0.0, exact=True, identified=True, points=20, scheduler="WarmupDecayLR", text="a linear decay")
    overfit.more["schedule"] = lambda: Schedule(fitted, mismatch=True)
    text = names(overfit)["lr_schedule_mismatch"]
    assert "2e-4 at step 10 to 1e-5" in text
    assert text.endswith("it follows a linear decay.")
    overfit.more["schedule"] = lambda: Schedule(fitted, mismatch=False)
    assert "lr_schedule_mismatch" not in names(overfit)


def test_what_only_every_rule_finds_is_a_finding(overfit: Overfit):
    """A rule beyond the run's own preset adds its worst word, and that it took it back; its events stay out of the report's events."""
    own = overfit.snapshot()
    wide = replace(
        own,
        events=(
            *own.events,
            event(20, "YELLOW", "notify", "plateau"),
            event(30, "ORANGE", "notify", "plateau"),
            event(40, "YELLOW", "notify", "hang"),
        ),
    )
    last = replace(event(50, "ORANGE", "notify", "plateau"), verdict="withdrawn")
    own = replace(own, rules=(*own.rules, RuleStatus("overfit", "overfit", Verdict("fired"))))
    report = compose(own, replace(wide, events=(*wide.events, last)))
    found = {f.finding: f.text for f in report.findings}
    assert found["plateau"] == "plateau (orange, step 30, epoch 15): eval_loss rose until step 30. Withdrawn at step 50, epoch 25."
    assert not {"hang", "overfit"} & set(found)
    assert report.snapshot.events == own.events


def test_a_gap_from_the_start_is_no_overfitting(overfit: Overfit):
    """Six times the train loss at the first evaluation is said with its other reasons; of one evaluation nothing more is known."""
    overfit.more["evaluations"] = (replace(evaluation(0, 95.86), train_loss=15.64),)
    overfit.more["best"] = Best("eval_loss", "min", 95.86, 10, 5.0)
    text = names(overfit)["gap_from_the_start"]
    assert "6.1 times" in text
    assert "no sign of overfitting" in text
    assert "only evaluation" in text


def test_a_run_that_ends_before_its_last_step(overfit: Overfit):
    """An early end is said, for a run that is over; a running one has not ended."""
    overfit.more["progress"] = Progress(step=120, total_steps=200)
    text = names(overfit)["ended_early"]
    assert "step 120 of 200" in text
    assert "7 h 47 min" in text
    assert "62.3 GPU-hours" in text
    overfit.state = "running"
    assert "ended_early" not in names(overfit)


def test_values_that_are_not_finite_are_counted(overfit: Overfit):
    """NaN in a metric is counted and its first step named."""
    norm = Series()
    norm.extend([1.0, float("nan"), 1.0, float("inf")], 10, 40)
    overfit.more["series"] = {"grad_norm": norm}
    assert names(overfit)["non_finite"] == "grad_norm is not finite in 2 of 4 records, first at step 20."
