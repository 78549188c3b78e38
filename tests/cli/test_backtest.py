from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.seeds import overfit_log

from trainwatch.cli.main import main


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    """The overfit run, and a log without an evaluation."""
    (tmp_path / "a.out").write_text(overfit_log())
    (tmp_path / "b.out").write_text("{'loss': 1.0, 'epoch': 1.0}\n")
    return [str(tmp_path / "a.out"), str(tmp_path / "b.out")]


def test_json_is_a_list_with_an_entry_per_file(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the words; each is a run of its own."""
    assert main(["backtest", *logs, "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert [entry["file"] for entry in found] == logs
    assert [entry["stop"] and entry["stop"]["step"] for entry in found] == [60, None]
    assert [entry["evals"] for entry in found] == [20, 0]


def test_text_says_when_and_by_which_rule(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A line per file, one per event, and a count on stderr."""
    assert main(["backtest", *logs]) == 0
    out, err = capsys.readouterr()

    assert f"{logs[0]}: best 0.1376 @30 of 20 evaluations; stopped at step 60 by overfit (red)" in out
    assert "  step 40  yellow overfit: eval_loss 0.1387" in out
    assert "1 would have been stopped" in err
    assert main(["backtest", logs[1]]) == 0
    assert "1 file, preset default: 0 would" in capsys.readouterr().err
    assert f"{logs[1]}: no evaluation in it" in err


def test_facts_may_be_stated(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What the log does not say, or says wrongly, is stated: in a run of 10000 steps the same three evaluations are nothing."""
    main(["backtest", logs[0], "-f", "json", "--fact", "total_steps=10000"])

    assert json.loads(capsys.readouterr().out)[0]["stop"]["step"] > 60


def test_several_rule_sets_are_put_beside_each_other(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A column a set for each file, then a row a set with its figures."""
    assert main(["backtest", logs[0], "--rules", "default", "--rules", "off", "--fact", "gpus=8"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].split() == ["file", "best", "default", "off"]
    assert "overfit red @60" in lines[1]
    assert lines[1].endswith("-")
    assert lines[4].split()[:3] == ["default", "1", "1"]
    assert lines[4].split()[3:] == ["100", "%", "3", "0.00", "%", "70", "%", "140", "65.4", "0"]
    assert lines[5].split() == ["off", "1", "0", "100", "%", "?", "0.00", "%", "0", "%", "0", "0", "0"]


def test_json_of_several_rule_sets(logs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each set with its name, its score and the list that it has alone."""
    assert main(["backtest", *logs, "--rules", "off", "--rules", "default", "-f", "json"]) == 0
    sets = json.loads(capsys.readouterr().out)

    assert [s["preset"] for s in sets] == ["off", "default"]
    assert [s["score"]["stopped"] for s in sets] == [0, 1]
    assert [entry["stop"] and entry["stop"]["step"] for entry in sets[1]["files"]] == [60, None]
