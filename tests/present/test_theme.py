from __future__ import annotations

from pathlib import Path

import pytest

from trainwatch.model.errors import DataFileError, NotFoundError
from trainwatch.present import theme
from trainwatch.present.ansi import cube, sgr, to_ansi
from trainwatch.present.canvas import Canvas


@pytest.mark.parametrize("name", ["default", "dark"])
def test_themes_of_the_package_load(name: str):
    """Both themes hold a style for every role and carry the name of their file."""
    loaded = theme.load(name)
    assert loaded.name == name
    assert set(loaded.styles) == {f"{group}.{role}" for group, roles in theme.GROUPS.items() for role in roles}


def test_default_leaves_colours_to_the_terminal():
    """The default theme uses the terminal's own background and none but its sixteen colours."""
    loaded = theme.load("default")
    assert (loaded.foreground, loaded.background) == ("", "")
    assert {s.color for s in loaded.styles.values()} <= {*theme.ANSI, ""}


def test_severities_and_phases_differ_in_style():
    """Within a theme no two severities look the same, and neither do phases that can stand side by side in the strip."""
    for name in ("default", "dark"):
        styles = theme.load(name).styles
        assert len({styles[f"severity.{w}"] for w in theme.GROUPS["severity"]}) == 4
        judged = ("healthy", "divergence", "severe", "memorised", "dead")
        assert len({styles[f"phase.{p}"] for p in judged}) == len(judged)


def test_all_mistakes_at_once(tmp_path: Path):
    """A theme with several mistakes names each with file and key."""
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nextra = 1\nbackground = "blu"\n[text]\nplain = { colour = "red" }\nloud = {}\ndim = { bold = "yes" }\n')
    with pytest.raises(DataFileError) as raised:
        theme.load(str(file))
    keys = {m.key for m in raised.value.mistakes}
    assert {"extra", "about", "background", "text.plain.colour", "text.loud", "text.dim.bold", "text.strong", "series"} <= keys
    assert all(str(file) in str(m) for m in raised.value.mistakes)


def test_what_is_no_theme(tmp_path: Path):
    """A name that nobody has, a file that is not there and one that is not TOML are errors in words."""
    with pytest.raises(NotFoundError, match="default"):
        theme.load("nobody")
    with pytest.raises(NotFoundError, match="No such file"):
        theme.load(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_bytes(b"name = \xff")
    with pytest.raises(DataFileError, match="not TOML"):
        theme.load(str(tmp_path / "bad.toml"))


def test_a_users_theme_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file in the user's directory hides the package's of the same name."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    mine = tmp_path / "trainwatch" / "themes" / "dark.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text("")
    assert theme.available()["dark"] == mine
    assert theme.available()["default"] != mine


def test_escape_sequences_of_a_style():
    """Colours become SGR codes; without colour only attributes stay."""
    loaded = theme.load("default")
    style = theme.Style(color="bright_red", bold=True, reverse=True)
    assert sgr(style, loaded) == "\x1b[1;7;91m"
    assert sgr(style, loaded, colour=False) == "\x1b[1;7m"
    assert sgr(theme.Style(), loaded) == ""
    assert cube(255, 255, 255) == 231
    canvas = Canvas(2, 1)
    canvas.put(0, 0, "a", "text.strong")
    assert to_ansi(canvas, loaded, colour=False) == "\x1b[1ma\x1b[0m \x1b[0m"
