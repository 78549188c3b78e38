from trainwatch.model.snapshot import RunInfo, Stop
from trainwatch.supervise.brief import Brief

RUN = RunInfo("r-1", "r", ("train.out",))


def test_a_list_says_that_nobody_supervises():
    """`ls` and `status` say the same of a run without a supervisor, and of an ended one neither says it."""
    alone = Brief(RUN, "running", "", Stop(), None)
    assert alone.line() == "r-1  running, nobody supervises it"
    assert alone.lines()[1].split(maxsplit=1) == ["state", "running, nobody supervises it"]
    assert Brief(RUN, "running", "process 7", Stop(), None).line() == "r-1  running"
    assert Brief(RUN, "done", "", Stop(), 0).line() == "r-1  done"


def test_a_save_is_no_stop():
    """The row of what a person asked for is named after it."""
    saving = Brief(RUN, "saving", "process 7", Stop("saving", "save (alice): the job was asked to save", goal="save"), None)
    assert "save      save (alice): the job was asked to save" in saving.lines()


def test_a_run_that_counts_epochs_is_told_in_epochs():
    """Without steps the progress and the evaluations stand at their epochs."""
    found = {"epoch": 7.5, "best": {"metric": "eval_loss", "value": 1.47, "step": None, "epoch": 3.5}}
    lines = Brief(RUN, "running", "process 7", Stop(), None, found).lines()
    assert "progress  epoch 7.5" in lines
    assert "best      eval_loss 1.47 at epoch 3.5" in lines
