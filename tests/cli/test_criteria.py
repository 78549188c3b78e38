"""Success criteria, where a person and a program see them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from trainwatch.cli.main import main

RULES = """\
extends = "default"
[[criterion]]
name = "good"
metric = "eval_loss"
is = "< 1"
[[criterion]]
name = "no NaN"
rule = "non_finite"
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A finished run whose eval loss comes to 1.2, and a rules file beside it."""
    lines = [f"{{'loss': {2 - i / 10}, 'epoch': {i}.0}}\n{{'eval_loss': {2.2 - i / 10:.1f}, 'epoch': {i}.0}}\n" for i in range(1, 11)]
    (tmp_path / "mine.toml").write_text(RULES)
    path = tmp_path / "train.out"
    path.write_text("".join(lines))
    os.utime(path, (0, 0))
    return path


def test_status_says_how_criteria_stand(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, and an object each in JSON."""
    words = ["status", str(log), "--rules", str(log.parent / "mine.toml")]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "criterion missed: good: eval_loss 1.2 at epoch 10 is not below 1" in lines
    assert "criterion met: no NaN: non_finite has not fired" in lines

    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["criteria"]
    assert [(c["name"], c["state"], c["value"], c["limit"]) for c in found] == [("good", "missed", 1.2, 1.0), ("no NaN", "met", None, None)]


def test_the_report_has_the_checklist(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a table for people and as a list for programs; a report without criteria has no such section."""
    words = ["report", str(log)]
    rules = ["--rules", str(log.parent / "mine.toml")]
    assert main([*words, *rules]) == 0
    text = capsys.readouterr().out
    assert "## Success criteria" in text
    row = next(line for line in text.splitlines() if line.startswith("| good"))
    assert [cell.strip() for cell in row.split("|")[3:5]] == ["missed", "eval_loss 1.2 at epoch 10 is not below 1"]
    assert main([*words, *rules, "-f", "json"]) == 0
    assert [c["state"] for c in json.loads(capsys.readouterr().out)["criteria"]] == ["missed", "met"]
    assert main(words) == 0
    assert "Success criteria" not in capsys.readouterr().out
