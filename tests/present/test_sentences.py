from __future__ import annotations

from dataclasses import replace

from trainwatch.model.failure import Failure
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.snapshot import Alert, Best, Progress, RunInfo, Snapshot, Stop
from trainwatch.model.verdict import Event, RuleStatus, Severity, Verdict
from trainwatch.present import sentences

EVENT = Event("overfit", "overfit", "fired", Severity.RED, 1, "eval_loss 0.1544 is 12 % above the best", 60, 30.0, "train.out", 1, 812)
BEST = Best("eval_loss", "min", 1.445, 6200, None)


def test_event_is_one_line():
    """An event names severity, rule, step, reason and the line of the log."""
    assert sentences.event_sentence(EVENT) == "red overfit at step 60: eval_loss 0.1544 is 12 % above the best (train.out:812)"


def test_nothing_in_an_event_reaches_the_terminal():
    """Escape sequences in a reason are data."""
    hostile = Event("x", "x", "withdrawn", Severity.YELLOW, 1, "\x1b[2Jgone\nnext", None, None, "a", 1, 0)
    assert sentences.event_sentence(hostile) == "withdrawn: yellow x: gone next"


def test_alert():
    """An alert says since when it holds, and when it came to its level where that was later."""
    alert = Alert("overfit", Severity.RED, "third evaluation without improvement", "", 40, 60, 1)
    assert sentences.alert_sentence(alert) == "overfit since step 40: third evaluation without improvement"
    assert sentences.alert_sentence(alert, (EVENT,)) == "overfit since step 40 (red at 60): third evaluation without improvement"
    assert sentences.alert_sentence(replace(alert, since_step=60), (EVENT,)).startswith("overfit since step 60: ")


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


def test_a_place_without_a_step_is_an_epoch():
    """What a log counts in epochs is told in epochs; the question mark is left for what has neither."""
    assert sentences.best_sentence(replace(BEST, step=None, epoch=3.5)) == "best 1.445 @epoch 3.5"
    assert sentences.place(None, None) == "?"
    assert sentences.place(0, 0.0) == "0"


def test_leaving_says_that_training_goes_on():
    """The last words of a view tell the step and the way back; of a run that ended, that it ended."""
    run = RunInfo("v4-7471", "v4", ("train.out",), supervised=True)
    going = Snapshot(run, "running", progress=Progress(step=9213))
    assert sentences.detached_sentence(going) == "detached. training goes on (step 9,213). back: trainwatch attach v4-7471"
    assert sentences.detached_sentence(Snapshot(RunInfo("demo", "x", ("a.log",)), "done")) == "the run has ended (done)."
    played = Snapshot(RunInfo("demo", "x", ("a.log",)), "running", progress=Progress(step=9213))
    assert sentences.detached_sentence(played) == "left the recording (step 9,213)."
    assert sentences.detached_sentence(Snapshot(RunInfo("a.log", "x", ("a.log",)), "done")).endswith("attach a.log")
    assert sentences.detached_sentence(Snapshot(run, "done")) == "the run has ended (done). back: trainwatch attach v4-7471"


def test_a_stop_says_each_thing_once():
    """Rule and checkpoint are added only where the machine's own sentence leaves them out."""
    full = Stop("done", "stopped by overfit; ckpt_282.pt proven", "overfit", "out/ckpt_282.pt")
    assert sentences.stop_sentence(full) == "stopped by overfit; ckpt_282.pt proven"
    bare = Stop("saving", "all ranks save", "overfit", "out/ckpt_282.pt")
    assert sentences.stop_sentence(bare) == "all ranks save; rule overfit; out/ckpt_282.pt"


def test_outcome_names_cause_and_what_is_left():
    """The end of a run in one line: the stop or the failure, the best evaluation, the checkpoint of it."""
    saved = (CheckpointSeen(0.0, "out/checkpoint-6000", 6000, complete=True), 1.447)
    run = RunInfo("v4-7471", "v4", ("train.out",), supervised=True)
    stopped = Snapshot(
        run, "stopped", best=BEST, saved_best=saved, checkpoints=saved[:1], stop=Stop("done", "stopped by overfit", "overfit")
    )
    assert sentences.outcome_sentence(stopped) == "stopped by overfit. best 1.445 @6200, saved checkpoint-6000 (1.447)"
    sigterm = Failure("sigterm_sighup", "train.out", 120, "Received 15 death signal", provable=False)
    assert sentences.outcome_sentence(replace(stopped, failure=sigterm)) == sentences.outcome_sentence(stopped)
    assert sentences.outcome_sentence(Snapshot(run, "done", exit_code=0)) == "the job ended by itself"
    failed = Snapshot(run, "failed", exit_code=1, failure=Failure("cuda_oom", "train.out", 812, "CUDA out of memory"))
    assert sentences.outcome_sentence(failed) == "cuda_oom: CUDA out of memory (train.out:812)"
