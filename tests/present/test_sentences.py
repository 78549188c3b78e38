from __future__ import annotations

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.snapshot import Alert, Best, Progress, RunInfo, Snapshot
from trainwatch.model.verdict import Event, RuleStatus, Severity, Verdict
from trainwatch.present import sentences

EVENT = Event("overfit", "overfit", "fired", Severity.RED, 1, "eval_loss 0.1544 is 12 % above the best", 60, 30.0, "train.out", 1, 812)
BEST = Best("eval_loss", "min", 1.445, 6200, None)


def test_event_is_one_line():
    """A plain line names time, severity, rule, step, reason and the line of the log."""
    assert (
        sentences.plain_line(EVENT, "12:41:03")
        == "12:41:03 red overfit at step 60: eval_loss 0.1544 is 12 % above the best (train.out:812)"
    )
    assert sentences.plain_line(EVENT, "").startswith("red overfit")


def test_nothing_in_an_event_reaches_the_terminal():
    """Escape sequences in a reason are data."""
    hostile = Event("x", "x", "withdrawn", Severity.YELLOW, 1, "\x1b[2Jgone\nnext", None, None, "a", 1, 0)
    assert sentences.event_sentence(hostile) == "withdrawn: yellow x: gone next"


def test_alert():
    """An alert says since when it holds."""
    alert = Alert("overfit", Severity.RED, "third evaluation without improvement", "", 40, 60, 1)
    assert sentences.alert_sentence(alert) == "overfit since step 40: third evaluation without improvement"


def test_a_blind_watcher_does_not_look_healthy():
    """While no rule holds, the rules that cannot see are counted and the first says what it needs."""
    ok = RuleStatus("non_finite", "non_finite", Verdict("ok"))
    blind = RuleStatus("best_unsaved", "best_unsaved", Verdict("blind"), needs="checkpoints")
    assert sentences.quiet_sentence((ok, blind)) == "no rule fired; 1 blind (best_unsaved needs checkpoints)"
    assert sentences.quiet_sentence((ok,)) == "no rule fired; all 1 can see"
    assert sentences.quiet_sentence(()) == "no rules loaded: nothing is judged"


def test_best_and_saved():
    """The best evaluation and the best checkpoint on disk are two things."""
    saved = (CheckpointSeen(0.0, "/scratch/out/checkpoint-6000/", 6000, complete=True), 1.447)
    assert sentences.best_sentence(BEST) == "best 1.445 @6200"
    assert sentences.saved_sentence(BEST, saved) == "saved checkpoint-6000 (1.447)"
    assert sentences.saved_sentence(BEST, None) == "best not saved!"
    assert sentences.saved_sentence(None, None) == ""
    assert sentences.best_sentence(None) == "no evaluation yet"


def test_leaving_says_that_training_goes_on():
    """The last words of a view tell the step and the way back; of a run that ended, that it ended."""
    run = RunInfo("v4-7471", "v4", ("train.out",))
    going = Snapshot(run, "running", progress=Progress(step=9213))
    assert sentences.detached_sentence(going) == "detached. training goes on (step 9,213). back: trainwatch attach v4-7471"
    assert sentences.detached_sentence(Snapshot(run, "done")) == "the run has ended (done). back: trainwatch attach v4-7471"
