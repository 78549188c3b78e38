from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.seeds import ROWS, overfit_log

from trainwatch.cli.main import main

SEVERITIES = """\
[[rule]]
name = "overfit"
ladder = { yellow = "notify" }
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The overfit run as a log."""
    path = tmp_path / "train.out"
    path.write_text(overfit_log())
    return path


def cut(log: Path, rows: int) -> str:
    """The beginning of the log: its first evaluations."""
    text = log.read_text()
    end = text.index(f"'eval_loss': {ROWS[rows - 1][5]}")
    log.write_text(text[: text.index("\n", end) + 1])
    return str(log)


@pytest.mark.parametrize(("rows", "code"), [(5, 0), (6, 10), (7, 11), (8, 12), (22, 12)])
def test_the_exit_code_is_the_worst_that_holds_at_the_end(log: Path, tmp_path: Path, rows: int, code: int) -> None:
    """0 nothing, 10 yellow, 11 orange, 12 red or black: the ladder of the overfit rule."""
    rules = tmp_path / "overfit.toml"
    rules.write_text('extends = "off"\n[[rule]]\nname = "overfit"\n')

    assert main(["check", cut(log, rows), "--rules", str(rules)]) == code


def test_the_alerts_are_the_output_and_the_rest_is_narration(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout holds a line per alert, worst first; stderr says which rules are blind and why."""
    main(["check", str(log)])
    out, err = capsys.readouterr()

    assert [line.split(" since ")[0] for line in out.splitlines()] == [
        "black overfit",
        "black memorization",
        "black dead_training",
        "orange lr_schedule_mismatch",
    ]
    assert "hang is blind: it needs arrival times" in err


def test_blind_rules_count_with_strict_only(log: Path) -> None:
    """13 when nothing fired but a rule cannot see; a fired rule goes before."""
    assert main(["check", "--strict", cut(log, 5)]) == 13
    assert main(["check", cut(log, 5)]) == 0
    assert main(["check", "--strict", "--rules", "off", str(log)]) == 0


def test_rules_of_ones_own_decide(log: Path, tmp_path: Path) -> None:
    """A file with one rule that knows yellow only never says more."""
    (tmp_path / "mine.toml").write_text(SEVERITIES)

    assert main(["check", "--rules", str(tmp_path / "mine.toml"), str(log)]) == 10


def test_json_holds_every_rule_with_its_verdict(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alerts, rules, and what the blind ones need."""
    code = main(["check", "-f", "json", str(log)])
    found = json.loads(capsys.readouterr().out)

    assert (code, found["severity"], found["alerts"][0]["rule"]) == (12, "black", "overfit")
    assert {r["rule"]: r["verdict"] for r in found["rules"]}["non_finite"] == "ok"
    assert {"rule": "hang", "needs": "arrival times"} in found["blind"]
    assert found["alerts"][0]["since_step"] == 40


@pytest.mark.parametrize(("text", "said"), [("", "is empty"), ("hello\n", "no metric found in 6 bytes")])
def test_a_log_with_nothing_in_it_says_so(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No error, exit code 0, and a sentence."""
    (tmp_path / "train.out").write_text(text)

    assert main(["check", str(tmp_path / "train.out")]) == 0
    assert said in capsys.readouterr().err
