import csv
import io
import json
import os
from pathlib import Path

import pytest
from tests.seeds import overfit_log

from trainwatch.cli import table as verb
from trainwatch.cli.main import main
from trainwatch.model.snapshot import RunInfo
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.store.statefile import StateFile


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Three runs that differ in the learning rate and in how good they get; the second is the best."""
    for i, best in enumerate((0.1376, 0.12, 0.1377)):
        folder = tmp_path / f"run{i}"
        folder.mkdir()
        text = (
            overfit_log()
            .replace("learning_rate=0.0002", f"learning_rate={i + 1}e-4")
            .replace("'eval_loss': 0.1376", f"'eval_loss': {best}")
        )
        (folder / "train.out").write_text(text)
    return tmp_path


def table(sweep: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the verb prints for the pattern."""
    assert main(["table", f"{sweep}/*/train.out", *words]) == 0
    return capsys.readouterr().out


def test_a_row_a_run_the_best_first(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """Value, step, state and hours of each run, and of the configuration only what differs."""
    lines = table(sweep, capsys, "--by", "eval_loss").splitlines()
    assert lines[0].split() == ["run", "eval_loss", "step", "last", "step", "state", "hours", "attempts", "learning_rate"]
    assert [line.split()[0] for line in lines[1:]] == ["run1/train.out", "run0/train.out", "run2/train.out"]
    assert lines[1].split()[1:] == ["0.12", "30", "200", "done", "11.7", "1", "0.0002"]


def test_csv_is_read_back(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """--csv is comma separated, with full precision."""
    rows = list(csv.DictReader(io.StringIO(table(sweep, capsys, "--csv"))))
    assert [float(row["eval_loss"]) for row in rows] == [0.12, 0.1376, 0.1377]
    assert {row["state"] for row in rows} == {"done"}


def test_json_has_the_same_figures(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """-f json names metric and direction; what differs stands in `config`."""
    found = json.loads(table(sweep, capsys, "-f", "json"))
    assert (found["metric"], found["direction"]) == ("eval_loss", "min")
    assert [set(row["config"]) for row in found["runs"]] == [{"learning_rate"}] * 3


def test_a_run_without_the_metric_stands_last(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """What a run does not hold is unknown, not zero; a metric that none holds is said on stderr."""
    (sweep / "run0" / "train.out").write_text("hello\n")
    lines = table(sweep, capsys).splitlines()
    assert lines[-1].split()[1:3] == ["?", "?"]
    assert main(["table", str(sweep / "run1"), "--by", "eval_bleu"]) == 0
    assert "no run evaluates eval_bleu" in capsys.readouterr().err


def test_a_pattern_that_fits_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A pattern without a file is an error and not an empty table."""
    assert main(["table", str(tmp_path / "*.out")]) == 3
    assert "no file fits" in capsys.readouterr().err


def test_no_cell_is_a_formula(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Text from a log cannot become a formula in a spreadsheet, or drive the terminal."""
    for i, name in enumerate(("=cmd()", "\x1b[2Jx")):
        (tmp_path / f"{i}.out").write_text(f"TrainingArguments(\noutput_dir={name},\n)\n" + "{'eval_loss': 1.0, 'epoch': 1.0}\n")
    assert main(["table", f"{tmp_path}/*.out", "--csv"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert ",=cmd" not in out


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_several_processes_read_the_same(sweep: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Long logs are read side by side; the table is the one that a single process makes."""
    alone = table(sweep, capsys, "--csv")
    monkeypatch.setattr(verb, "WORTH", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert table(sweep, capsys, "--csv") == alone


def test_a_run_of_ours_is_its_log(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """A run directory stands for the log of the run, not for what lies in it."""
    folder = sweep / "run_dir"
    folder.mkdir(mode=0o700)
    RunFile(RunInfo("r1", "r1", (str(sweep / "run1" / "train.out"),))).save(RunDir(folder))
    assert main(["table", str(folder)]) == 0
    assert "0.12" in capsys.readouterr().out


def test_every_verb_tells_the_same_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A log that stops before its last step is silent; while somebody has it open for writing, it is running."""
    log = tmp_path / "train.out"
    log.write_text("step 5 of 100: loss 0.5\n" * 3)
    words = ["--fact", "total_steps=100"]

    def states() -> set[str]:
        found = {}
        for asked, form in (("status", "--json"), ("report", "-fjson"), ("table", "-fjson"), ("compare", "-fjson")):
            assert main([asked, *([str(log)] * (2 if asked == "compare" else 1)), form, *words]) == 0
            found[asked] = json.loads(capsys.readouterr().out)
        told = (found["status"], found["report"]["run"], *found["table"]["runs"], *found["compare"]["runs"])
        return {run["state"] for run in told}

    assert states() == {"silent"}
    with log.open("a"):
        assert states() == {"running"}


def test_a_run_of_ours_is_in_the_state_that_its_supervisor_told(sweep: Path, capsys: pytest.CaptureFixture[str]):
    """The log of a run that was stopped looks like that of one that is done."""
    folder = sweep / "run_dir"
    folder.mkdir(mode=0o700)
    RunFile(RunInfo("r1", "r1", (str(sweep / "run1" / "train.out"),))).save(RunDir(folder))
    StateFile("stopped", exit_code=80, extra={"final": True}).save(RunDir(folder))
    assert main(["table", str(folder), "--csv"]) == 0
    assert [row["state"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))] == ["stopped"]


def test_a_run_without_anything_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A row of question marks has its reason on stderr."""
    log = tmp_path / "train.out"
    log.write_text("")
    assert main(["table", str(log)]) == 0
    assert capsys.readouterr().err == f"trainwatch: {log}: the log is empty\n"


def test_a_long_value_is_told_by_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Commands that differ in their last words do so in the table; JSON has them whole."""
    for n in (1, 2):
        command = f"python -u -m deepspeed.launcher.launch --master_port=29500 finetune.py 0.0001 2048 {n}"
        (tmp_path / f"{n}.out").write_text(f"cmd = {command}\nstep {n}: train loss 1.0000, val loss 1.5000\n")
    assert main(["table", f"{tmp_path}/*.out"]) == 0
    assert "  …29500 finetune.py 0.0001 2048 1\n" in capsys.readouterr().out
    assert main(["table", f"{tmp_path}/*.out", "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["config"]["command"].startswith("python -u")
