from trainwatch.cli.summary import nothing_read, outcome, so_far
from trainwatch.model.failure import Failure
from trainwatch.model.snapshot import Alert, Best, Evaluation, PhaseSpan, Progress, RunInfo, Snapshot
from trainwatch.model.verdict import Evidence, Severity

RUN = RunInfo("demo-1", "demo", ("/d/a.out", "/d/a.err"), directory="/d/.trainwatch/demo-1", supervised=True, may="save")
EVALUATION = Evaluation(0, 1.5, 30, 3.0, {"eval_loss": 1.5}, None, Evidence("eval_loss", 1.5))
FULL = Snapshot(
    RUN,
    "running",
    progress=Progress(step=1200, total_steps=14000, epoch=1.25, eta=7200.0),
    evaluations=(EVALUATION,),
    best=Best("eval_loss", "min", 1.5, 30, 3.0),
    phases=(PhaseSpan("warm-up", 0, 0.0, 10, 1.0, ""), PhaseSpan("healthy", 10, 1.0, None, None, "eval_loss falls")),
    alerts=(Alert("overfit", Severity.RED, "eval_loss is\x1b[2J high", "", 20, 30, 1),),
    caveats=("a.err: Permission denied",),
    records=9,
    bytes_read=999,
)


def test_a_run_in_a_screenful():
    """Who, how far, how good, which phase, what holds, what to be careful about; nothing that drives a terminal."""
    assert so_far(FULL) == [
        "run demo-1 (running; supervised; may save)",
        "watching /d/a.out, /d/a.err",
        "step 1,200 of 14,000, epoch 1.25, 2 h 00 min left",
        "1 evaluation; last eval_loss 1.5 @30; best 1.5 @30",
        "phase healthy since step 10: eval_loss falls",
        "red overfit since step 20: eval_loss is high",
        "a.err: Permission denied",
    ]


def test_a_log_of_which_little_is_known():
    """No run directory, no step, no evaluation: only what there is."""
    assert so_far(Snapshot(RunInfo("a.out", "a", ("a.out",)))) == ["watching a.out", "no rules loaded: nothing is judged"]
    in_epochs = Snapshot(RunInfo("a.out", "a", ("a.out",)), progress=Progress(epoch=3.5))
    assert so_far(in_epochs)[1] == "epoch 3.5"


def test_how_it_ended():
    """A run by its state, a watched log by its failure, else only that nobody writes it; a pipe, which nobody can follow further, has ended."""
    failure = Failure("cuda_oom", "a.out", 7, "CUDA out of memory")
    assert outcome(Snapshot(RUN, "done", exit_code=0), watched=False) == ["done: the job ended by itself"]
    assert "--follow" in outcome(Snapshot(RUN, "done"), watched=True)[0]
    assert outcome(Snapshot(RunInfo("-", "-", ("-",)), "done"), watched=True) == ["the pipe has ended; that is all of it"]
    assert outcome(Snapshot(RUN, "failed", failure=failure), watched=True) == ["failed: cuda_oom: CUDA out of memory (a.out:7)"]


def test_nothing_read():
    """Empty, and without a metric; nothing to say when there was one."""
    assert nothing_read(Snapshot(RUN)).endswith("the log is empty")
    assert nothing_read(Snapshot(RUN, bytes_read=1234)).endswith("no metric found in 1,234 bytes")
    assert nothing_read(FULL) == ""
