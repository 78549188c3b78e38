import json
from pathlib import Path

import pytest

from trainwatch.cli.main import main

NAMES = ["versions", "files", "logs", "processes", "inotify", "hook", "devices", "terminal", "slurm"]


def test_a_line_for_each_thing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcome, name and what was found; nothing is left behind, and what is done without is no error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRAINWATCH_HOME", raising=False)
    assert main(["doctor"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")]
    assert [line.split()[1] for line in lines] == NAMES
    assert {line.split()[0] for line in lines} <= {"ok", "less"}
    assert list(tmp_path.iterdir()) == []


def test_json_has_the_same_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object; a finding has a name, an outcome, a text and, where there is something to mend, a fix."""
    assert main(["doctor", str(tmp_path), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["name"] for finding in findings] == NAMES
    assert all(set(finding) == {"name", "outcome", "text", "fix"} for finding in findings)


def test_what_cannot_be_done_without_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is not there holds no logs."""
    assert main(["doctor", str(tmp_path / "gone")]) == 1
    assert f"NO    logs       {tmp_path / 'gone'}: is no folder" in capsys.readouterr().out
