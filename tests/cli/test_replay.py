from pathlib import Path

import pytest
from tests.seeds import overfit_log

from trainwatch.cli.main import main


def test_a_log_is_played_as_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Without a terminal: evaluations and events in their order, then the run in five sentences."""
    log = tmp_path / "train.out"
    log.write_text(overfit_log())
    assert main(["replay", str(log), "--plain", "--speed", "1e9x"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first, red = (next(i for i, line in enumerate(lines) if word in line) for word in ("yellow overfit", "red overfit"))
    assert first < red
    assert lines[-6] == ""
    assert lines[-1].startswith("It came to its last step")


@pytest.mark.parametrize("word", ["0", "-3x", "fast", "nan", "x"])
def test_a_speed_that_is_none(word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A speed that is no positive number is a usage error."""
    assert main(["replay", str(tmp_path), f"--speed={word}"]) == 2
    assert "no speed" in capsys.readouterr().err


def test_a_target_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A log that does not exist is not found."""
    assert main(["replay", str(tmp_path / "no.out")]) == 3
    assert "no.out" in capsys.readouterr().err


def test_a_log_without_a_metric_has_no_clock(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A log that says nothing of time is played without a time of day, and why there is little to play is said beside it."""
    log = tmp_path / "train.out"
    log.write_text("hello\nworld\n")
    assert main(["replay", str(log), "--plain", "--speed", "1e9x"]) == 0
    streams = capsys.readouterr()
    assert streams.out.startswith("--:--:-- done\n")
    assert streams.err == f"trainwatch: {log}: no metric found in 12 bytes\n"
