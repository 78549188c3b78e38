import pytest

from trainwatch.cli.main import main


def test_the_demo_plays_without_a_terminal(capsys: pytest.CaptureFixture[str]):
    """Without a terminal the recorded run is printed as lines, then in five sentences; the exit code is 0."""
    assert main(["demo", "--plain", "--seconds", "0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("red overfit" in line for line in lines)
    assert lines[-6] == ""
    assert lines[-1].startswith("Stopped by overfit")


@pytest.mark.parametrize("word", ["0", "-1", "soon", "nan"])
def test_a_length_that_is_none(word: str, capsys: pytest.CaptureFixture[str]):
    """A length of play that is no positive number is a usage error."""
    assert main(["demo", "--seconds", word]) == 2
    assert word in capsys.readouterr().err
