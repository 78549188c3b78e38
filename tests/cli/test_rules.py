from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trainwatch.cli.main import main
from trainwatch.model.verdict import Severity
from trainwatch.rules.catalogue import catalogue
from trainwatch.rules.preset import builtin_names, load

FAILING = """\
extends = "default"
[[case]]
name = "cannot be"
rule = "overfit"
expect = [{ step = 10, severity = "red" }]
"""


def test_list_names_presets_and_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    """Every one of both, each with a sentence."""
    assert main(["rules", "list"]) == 0
    words = capsys.readouterr().out.split()

    assert {*builtin_names(), *catalogue()} <= set(words)


@pytest.mark.parametrize("name", builtin_names())
def test_what_show_prints_is_a_rules_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It can be written to a file, loaded, and means the same."""
    assert main(["rules", "show", name]) == 0
    text = capsys.readouterr().out
    (tmp_path / "shown.toml").write_text(text)
    shown = load(str(tmp_path / "shown.toml"))

    assert tomllib.loads(text) or name == "off"
    assert [(r.name, r.kind, r.settings, r.ladder, r.proof, r.stop_by_default) for r in shown.rules] == [
        (r.name, r.kind, r.settings, r.ladder, r.proof, r.stop_by_default) for r in load(name).rules
    ]


def test_check_counts_what_it_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file without mistakes is said to have none."""
    (tmp_path / "mine.toml").write_text('[[rule]]\nname = "overfit"\nladder = { red = "stop" }\n')

    assert main(["rules", "check", str(tmp_path / "mine.toml")]) == 0
    assert "1 rules, 0 cases, no mistakes" in capsys.readouterr().out
    assert load(str(tmp_path / "mine.toml")).rules[0].ladder == {Severity.RED: "stop"}


def test_test_runs_every_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 with the presets, 2 with a case that fails, which is named with what was found."""
    (tmp_path / "mine.toml").write_text(FAILING)

    assert main(["rules", "test"]) == 0
    assert main(["rules", "test", str(tmp_path / "mine.toml")]) == 2
    assert "mine: overfit: cannot be: expected fired red at 10; found nothing" in capsys.readouterr().out


def test_a_new_file_loads_and_its_case_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What `new` writes needs no change to work, and is never written over what is there."""
    file = tmp_path / "mine.toml"

    assert main(["rules", "new", str(file)]) == 0
    assert main(["rules", "check", str(file)]) == 0
    assert main(["rules", "test", str(file)]) == 0
    assert main(["rules", "new", str(file)]) == 2
    assert "there is such a file already" in capsys.readouterr().err
    assert main(["rules", "new", str(tmp_path / "nowhere" / "mine.toml")]) == 4
