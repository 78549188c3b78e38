import json
from dataclasses import replace
from pathlib import Path

import pytest

from trainwatch.model.snapshot import Alert, RunInfo, Snapshot, Stop
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.store.create import create
from trainwatch.store.runfile import RunFile
from trainwatch.supervise import clock
from trainwatch.supervise.brief import Brief, of_run, of_snapshot

RUN = RunInfo("r-1", "r", ("train.out",))


def test_a_list_says_that_nobody_supervises():
    """`ls` and `status` say the same of a run without a supervisor, and of an ended one neither says it."""
    alone = Brief(RUN, "running", "", Stop(), None)
    assert alone.line() == "r-1  running, nobody supervises it"
    assert alone.lines()[1].split(maxsplit=1) == ["state", "running, nobody supervises it"]
    assert Brief(RUN, "running", "process 7", Stop(), None).line() == "r-1  running"
    assert Brief(RUN, "done", "", Stop(), 0).line() == "r-1  done"


@pytest.mark.parametrize(
    ("after", "said"), [(5.0, "starting, its supervision begins"), (60.0, "starting, nobody supervises it"), (-5.0, "starting, nobody")]
)
def test_a_run_that_has_just_been_started_gets_its_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: float, said: str):
    """In its first seconds no supervisor has spoken yet, and that is no alarm; later it is one."""
    run_dir = create("r", now=1e9, log=None, environ={"TRAINWATCH_HOME": str(tmp_path)})
    RunFile(replace(RUN, started_at=1e9)).save(run_dir)
    monkeypatch.setattr(clock.SystemClock, "now", lambda _: 1e9 + after)
    assert said in of_run(run_dir).line()


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


def test_every_alert_is_told_and_stands_in_the_json():
    """The worst first, each with what it rests on, what would change it and what it asks for; a NaN is a text there."""
    evidence = Evidence("loss", float("nan"), 30, 1.5, "train.out", 1, 12)
    alerts = (
        Alert("non_finite", Severity.RED, "loss is nan", "a finite loss", 30, 31, 1, (evidence,), "stop"),
        Alert("loss_spike", Severity.YELLOW, "a loss stands out", "", 10, 31, 2),
    )
    brief = of_snapshot(Snapshot(RUN, alerts=alerts))
    assert [line for line in brief.lines() if line.startswith("alert")] == [
        "alert     red non_finite: loss is nan",
        "alert     yellow loss_spike: a loss stands out",
    ]
    worst = json.loads(json.dumps(brief.to_json(), allow_nan=False))["alerts"][0]
    assert worst == {
        "rule": "non_finite",
        "severity": "red",
        "why": "loss is nan",
        "change": "a finite loss",
        "since_step": 30,
        "step": 31,
        "episode": 1,
        "evidence": [{"name": "loss", "value": "nan", "step": 30, "epoch": 1.5, "source": "train.out", "attempt": 1, "line": 12}],
        "action": "stop",
    }


def test_what_limits_the_picture_is_told():
    """Output that is held back makes all figures old: for people and for scripts."""
    old = "a.out is written in blocks: what you see is up to 67 min old"
    brief = of_snapshot(Snapshot(RUN, caveats=(old,)))
    assert f"note      {old}" in brief.lines()
    assert brief.to_json()["caveats"] == [old]
