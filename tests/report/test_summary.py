from dataclasses import replace

from tests.report.conftest import Overfit, event

from trainwatch.model.failure import Failure
from trainwatch.model.inputs import CheckpointSeen, Sample
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, PhaseSpan, Progress, RunInfo, Snapshot, Stop
from trainwatch.model.span import Span
from trainwatch.report.compose import compose
from trainwatch.report.summary import sentences


def said(snapshot: Snapshot) -> tuple[str, ...]:
    """The five sentences."""
    return sentences(compose(snapshot))


def test_an_overfit_run_in_five_sentences(overfit: Overfit):
    """How far, how it went, what was best, what was raised, how it ended."""
    assert said(overfit.snapshot()) == (
        "train.out came to step 200 of 200 in 11 h 41 min on 8 devices: 93.4 GPU-hours.",
        "It was healthy until epoch 15, then overfitting severely until epoch 100.",
        "The best eval_loss was 0.27 at step 30, epoch 15: not saved.",
        "overfit was red at step 60, epoch 30: stopping there would have saved 65.4 GPU-hours.",
        "It came to its last step, and the log names no failure.",
    )


def test_a_log_without_anything_still_has_five_sentences():
    """Every sentence has words for what is not known."""
    got = said(Snapshot(RunInfo("id", "empty.out", ("empty.out",))))
    assert len(got) == 5
    assert got[0] == "empty.out holds no record of training."
    assert got[3] == "No rule of the preset fired."


def test_a_phase_that_has_no_end_yet(overfit: Overfit):
    """The phase that holds at the end of a run lasts to the end, of which neither step nor epoch need be known."""
    overfit.more["phases"] = (PhaseSpan("healthy", None, None, None, None, "eval_loss fell"),)
    assert said(overfit.snapshot())[1] == "It was healthy to the end."


def test_a_run_that_goes_back_and_forth(overfit: Overfit):
    """More than six phases are counted; only the last is named."""
    names = ("healthy", "divergence") * 4
    overfit.more["phases"] = tuple(PhaseSpan(name, 10 * i, None, 10 * i + 10, None, "") for i, name in enumerate(names))
    assert said(overfit.snapshot())[1] == "It changed its phase 7 times, and at last was diverging until step 80."


def test_a_run_that_counts_epochs_only(overfit: Overfit):
    """Without steps the epoch tells how far it came."""
    overfit.more["progress"] = Progress(epoch=40.0, total_epochs=50.0)
    assert said(overfit.snapshot())[0].startswith("train.out came to epoch 40 of 50 in 11 h 41 min")


def test_phases_that_no_evaluation_tells(overfit: Overfit):
    """Without an evaluation a run that is not to be judged has no phases to tell of; one that is dead has."""
    overfit.more["evaluations"] = ()
    overfit.more["phases"] = (PhaseSpan("unsure", 0, None, 5800, None, "no evaluation"),)
    assert said(overfit.snapshot())[1] == "It has no evaluation to tell its phases by."
    loss = Series()
    loss.extend([3.5, 2.0, 0.5], 1, 3)
    overfit.more["series"] = {"loss": loss}
    assert said(overfit.snapshot())[1] == "It has no evaluation to tell its phases by; its train loss went from 3.5 to 0.5."
    overfit.more["phases"] = (PhaseSpan("dead", 0, None, 5800, None, "the loss does not move"),)
    assert said(overfit.snapshot())[1] == "It was dead until step 5800."


def test_a_run_that_was_stopped_for_its_rule(overfit: Overfit):
    """A stop of ours is what ended the run: the SIGTERM in its log is no failure, and nothing would have been saved by stopping."""
    overfit.state = "stopped"
    overfit.more["stop"] = Stop("stopped", "stopped by overfit; checkpoint-60 proven", "overfit", exit_code=80)
    overfit.more["failure"] = Failure("sigterm_sighup", "train.out", 120, "Received 15 death signal", provable=False)
    report = compose(overfit.snapshot())
    assert report.snapshot.failure is None
    assert sentences(report)[3:] == (
        "overfit was red at step 60, epoch 30, and trainwatch stopped the run for it.",
        "Stopped by overfit; checkpoint-60 proven.",
    )


def test_a_failure_ends_the_summary(overfit: Overfit):
    """The cause, its rank and line, and whether the log proves it."""
    overfit.state = "failed"
    overfit.more["failure"] = Failure("nccl_timeout", "logs/train.out", 120, "Watchdog", 3, provable=False)
    assert said(overfit.snapshot())[4] == "It ended with nccl_timeout on rank 3 (train.out:120): Watchdog; the log alone does not prove it."


def test_a_log_that_stops_gives_no_reason(overfit: Overfit):
    """A file that simply stops is said to stop."""
    overfit.more["progress"] = Progress(step=120, total_steps=200)
    assert said(overfit.snapshot())[4] == "The log stops at step 120 of 200 and gives no reason."


def test_the_best_that_was_saved_names_its_path(overfit: Overfit):
    """A proven checkpoint is named; one that only the log names is said to be so."""
    overfit.checkpoints = (CheckpointSeen(0.0, "out/checkpoint-30", 30, complete=True),)
    assert said(overfit.snapshot())[2].endswith("saved as out/checkpoint-30.")
    overfit.checkpoints = ()
    overfit.saved = (replace(overfit.saved[0], path="out/checkpoint-30", step=30),)
    assert said(overfit.snapshot())[2].endswith("saved as out/checkpoint-30, says the log.")


def test_without_devices_hours_are_said(overfit: Overfit):
    """Where we looked and saw no device, processes are not counted as devices."""
    overfit.facts["world_size"] = overfit.facts.pop("gpus")
    assert "GPU-hours" in said(overfit.snapshot())[0]
    overfit.more["sample"] = Sample(0.0, (), "no driver")
    got = said(overfit.snapshot())
    assert got[0].endswith("in 11 h 41 min.")
    assert got[3].endswith("stopping there would have saved 8 h 11 min.")


def test_a_rule_that_only_warned(overfit: Overfit):
    """Without a stopping rule the worst event is named."""
    overfit.span = Span()
    overfit.more["events"] = (event(30, "ORANGE", "save", rule="best_unsaved"),)
    assert said(overfit.snapshot())[3] == ("The only event was best_unsaved, orange, at step 30, epoch 15: eval_loss rose until step 30.")


def test_a_place_is_not_told_twice(overfit: Overfit):
    """A reason that names the step needs no other place."""
    overfit.more["events"] = (replace(event(30, "ORANGE", "save", rule="lr_zero"), why="learning_rate is 0 at step 30: it is too small"),)
    assert said(overfit.snapshot())[3] == "The only event was lr_zero, orange: learning_rate is 0 at step 30: it is too small."


def test_a_quiet_preset_does_not_hide_what_another_rule_sees(overfit: Overfit):
    """Where the run's own rules are silent, the loudest of all others is named with the first sentence of its reason."""
    overfit.more["events"] = ()
    loud = replace(event(30, "ORANGE", "notify", rule="rapid_loss_drop"), why="the loss fell. Look at the data.")
    back = replace(event(40, "RED", "notify", rule="plateau"), verdict="withdrawn")
    wide = replace(overfit.snapshot(), events=(loud, back))
    assert sentences(compose(overfit.snapshot(), wide))[3] == (
        "No rule of the preset fired, and 1 rule could not look; outside the preset the loudest was rapid_loss_drop, orange, at step 30, "
        "epoch 15: the loss fell."
    )


def test_a_run_that_only_lost_is_not_just_healthy(overfit: Overfit):
    """Where the first evaluation is the best, the second sentence says so."""
    overfit.more["best"] = Best("eval_loss", "min", 0.31, 10, 5.0)
    assert said(overfit.snapshot())[1].endswith("; no evaluation was better than the first one.")


def test_a_save_ends_nothing(overfit: Overfit):
    """A run that saved and goes on has not ended."""
    overfit.state = "running"
    overfit.more["stop"] = Stop("saved", "saved and proven: out/checkpoint-60")
    assert said(overfit.snapshot())[4] == "It has not ended."
