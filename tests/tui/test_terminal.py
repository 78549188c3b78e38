from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.tui.terminal import decide, speaks_utf8

GOOD = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


def test_a_good_terminal_needs_no_words():
    """With UTF-8, a real TERM and room nothing is stepped down."""
    found = decide(GOOD, (80, 24))
    assert (found.mode, found.ascii, found.colour, found.why) == ("full", False, True, "")


@pytest.mark.parametrize(
    ("change", "size", "tmux", "found", "word"),
    [
        ({"TERM": "dumb"}, (80, 24), None, ("plain", False), "TERM says dumb"),
        ({"TERM": ""}, (80, 24), None, ("plain", False), "TERM says dumb"),
        ({}, None, None, ("plain", False), "no terminal"),
        ({"LANG": "C"}, (80, 24), None, ("full", True), "no UTF-8"),
        ({"LANG": ""}, (80, 24), None, ("full", True), "export LANG=C.UTF-8"),
        ({"LC_ALL": "POSIX"}, (80, 24), None, ("full", True), "no UTF-8"),
        ({}, (80, 24), False, ("full", True), "tmux -u attach"),
        ({"LANG": "C"}, (80, 24), True, ("full", False), ""),
        ({}, (59, 24), None, ("full", False), "59x24 is small"),
        ({"LANG": "C"}, (80, 10), None, ("full", True), "80x10 is small"),
    ],
)
def test_stepping_down(change: dict[str, str], size: tuple[int, int] | None, tmux: bool | None, found: tuple[str, bool], word: str):  # noqa: FBT001
    """Each shortcoming leads to the next best thing, with one line that says why and, where there is one, the fix."""
    terminal = decide(GOOD | change, size, tmux_utf8=tmux)
    assert (terminal.mode, terminal.ascii) == found
    assert word in terminal.why
    assert bool(terminal.why) == bool(word)


def test_the_users_word_wins():
    """`--ascii` and `--unicode` are obeyed without a comment."""
    assert decide({"TERM": "xterm", "LANG": "C"}, (80, 24), ascii=False).ascii is False
    assert decide(GOOD, (80, 24), ascii=True).ascii is True
    assert decide({"TERM": "xterm", "LANG": "C"}, (80, 24), ascii=False).why == ""


def test_no_colour_is_obeyed():
    """NO_COLOR and our own variable switch colours off."""
    assert not decide(GOOD | {"NO_COLOR": "1"}, (80, 24)).colour
    assert not decide(GOOD | {"TRAINWATCH_NO_COLOR": "1"}, (80, 24)).colour


@pytest.mark.parametrize(("name", "answer"), [("de_DE.UTF-8", True), ("C.utf8", True), ("en_US.ISO-8859-1", False), ("", False)])
def test_locales(name: str, answer: bool):  # noqa: FBT001
    """The locale's own spelling of UTF-8 does not matter."""
    assert speaks_utf8({"LC_CTYPE": name}) is answer


@given(st.dictionaries(st.sampled_from(["TERM", "LANG", "LC_ALL", "TMUX", "NO_COLOR"]), st.text(max_size=8)), st.integers(0, 300))
def test_any_environment_has_an_answer(environ: dict[str, str], size: int):
    """Whatever the environment says there is a decision, and its reason is one line."""
    assert "\n" not in decide(environ, (size, size)).why
