from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainwatch.cli.main import main

LOG = """\
TrainingArguments(
learning_rate=0.001,
)
{'loss': nan, 'grad_norm': 0.5, 'learning_rate': 0.001, 'epoch': 0.5}
{'eval_loss': inf, 'epoch': 0.5}
Saving model checkpoint to out/checkpoint-10
{'loss': 0.25, 'grad_norm': 0.5, 'learning_rate': 0.0, 'epoch': 1.0}
"""


def _export(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert main(["export", *words]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small log."""
    path = tmp_path / "train.out"
    path.write_text(LOG)
    return path


def test_a_line_is_an_observation(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Source, attempt, line, kind, step, epoch, values and format; what is not finite is a word; what is not known is null."""
    config, first, second, third, fourth = _export(capsys, str(log), "-f", "jsonl")
    assert (config["kind"], config["line"], config["values"]) == ("event", 2, {"event": "config", "learning_rate": 0.001})
    assert first == {
        "source": str(log),
        "attempt": 1,
        "line": 4,
        "kind": "train",
        "step": None,
        "epoch": 0.5,
        "values": {"loss": "nan", "grad_norm": 0.5, "learning_rate": 0.001},
        "format": "hf_trainer",
    }
    assert (second["kind"], second["values"]) == ("eval", {"eval_loss": "inf"})
    assert (third["kind"], third["step"], third["derived"]) == ("event", 10, ["step"])
    assert fourth["line"] == 7


def test_only_some_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With names given, records come with those values alone, their steps and lines as ever; records without one of them do not come."""
    log = tmp_path / "train.out"
    log.write_text(
        "".join(f"iter {i}: loss {i}.5, time 90.5ms, mfu 3.0%\n" for i in range(3000)) + "step 3000: train loss 1.5, val loss 2.5\n"
    )
    whole = [record for record in _export(capsys, str(log)) if record["kind"] == "train"]
    narrow = _export(capsys, str(log), "--only", "loss")
    assert narrow == [{**record, "values": {"loss": record["values"]["loss"]}} for record in whole]  # type: ignore[index]
    assert len(narrow) == 3000


def test_a_name_that_no_record_has_is_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout for `--only` with a name that is not there, and on stderr why."""
    assert main(["export", str(log), "--only", "los"]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "no record has los;" in told.err


def test_facts_fill_what_the_log_does_not_say(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the steps per epoch stated, steps are derived and named as such."""
    records = _export(capsys, str(log), "--fact", "steps_per_epoch=20")
    assert [(record["step"], record.get("derived")) for record in records if record["kind"] == "train"] == [(10, ["step"]), (20, ["step"])]


def test_export_lines_are_a_log(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What export writes can be exported again, with the same records."""
    first = _export(capsys, str(log))
    again = tmp_path / "again.jsonl"
    again.write_text("".join(json.dumps(record) + "\n" for record in first))
    second = _export(capsys, str(again))
    keys = ("kind", "step", "epoch", "values", "format")
    assert [[record[key] for key in keys] for record in second] == [[record[key] for key in keys] for record in first]


def test_several_logs_are_read_one_after_the_other(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every record names its own source."""
    other = tmp_path / "other.log"
    other.write_text("iter 1: loss 2.0, time 1.0ms, mfu 3.0%\n")
    records = _export(capsys, str(log), str(other))
    assert [record["source"] for record in records] == [str(log)] * 5 + [str(other)]


def test_csv_has_a_row_per_value(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Long form, with a header."""
    assert main(["export", str(log), "-f", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "source,attempt,line,kind,step,epoch,name,value"
    assert f"{log},1,4,train,,0.5,loss,nan" in lines
    assert len(lines) == 1 + 2 + 3 + 1 + 2 + 3


def test_an_empty_log_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout, a sentence on stderr."""
    (tmp_path / "empty.log").write_text("")
    assert main(["export", str(tmp_path / "empty.log")]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "the log is empty" in captured.err


@pytest.mark.parametrize(("words", "code"), [(["no/such.log"], 3), ([], 2)])
def test_a_target_that_is_not_there(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence and the exit code, no traceback."""
    assert main(["export", *words]) == code
    assert capsys.readouterr().err.startswith("trainwatch: ")


def test_an_unknown_format_names_the_known_ones(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A typo in --formats ends with 2."""
    assert main(["export", str(log), "--formats", "hf_trianer"]) == 2
    assert "hf_trainer" in capsys.readouterr().err


def test_an_empty_log_is_called_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Of a log without a byte it is said that it is empty, of one without a metric that none was found."""
    log = tmp_path / "train.out"
    for text, said in (("", f"trainwatch: {log}: the log is empty\n"), ("hello\n", "trainwatch: no metric was found")):
        log.write_text(text)
        assert main(["export", str(log)]) == 0
        assert capsys.readouterr().err.startswith(said)
