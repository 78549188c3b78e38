from __future__ import annotations

from pathlib import Path

import pytest

from trainwatch.cli.main import main


def test_list_names_both(capsys: pytest.CaptureFixture[str]):
    """Each theme is a line with what it is and its file."""
    assert main(["themes", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["dark", "default"]
    assert all(line.rstrip(")").endswith(".toml") for line in lines)


def test_show_has_every_role(capsys: pytest.CaptureFixture[str]):
    """Every role is shown; into a pipe without escape sequences."""
    assert main(["themes", "show", "dark"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("healthy", "memorised", "yellow", "black", "running", "eval"))
    assert "\x1b" not in out


def test_check_names_all_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The themes of the package pass; a file with mistakes ends with 2 and each of them on stderr."""
    assert main(["themes", "check"]) == 0
    assert "2 themes checked" in capsys.readouterr().out
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "bad"\nabout = "x"\n[text]\nplain = { color = "rot" }\n')
    assert main(["themes", "check", str(bad)]) == 2
    err = capsys.readouterr().err
    assert "text.plain.color" in err
    assert "series: missing table" in err


def test_unknown_theme(capsys: pytest.CaptureFixture[str]):
    """A theme that is not there ends with 3 and says which there are."""
    assert main(["themes", "show", "nobody"]) == 3
    assert "default" in capsys.readouterr().err
