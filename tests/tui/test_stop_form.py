from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.tui.stop_form import UNSAVED, StopForm

RUN = "train_v4-7471"


def typed(form: StopForm, text: str) -> None:
    """Type a text."""
    for char in text:
        assert form.press(char, char) == "open"


def test_focus_begins_on_cancel():
    """Enter right after opening leaves."""
    assert StopForm(RUN).press("enter") == "cancel"


def test_typed_id_and_the_button_stop():
    """The run's id in its field and a press on the button are a stop."""
    form = StopForm(RUN)
    form.press("tab")
    typed(form, RUN)
    assert form.press("enter") == "open"
    assert "does not confirm" in form.hint
    form.press("tab")
    assert form.press("enter") == "stop"


def test_a_wrong_id_does_not():
    """A wrong, a longer or a missing id stops nothing, and the hint says what to type."""
    for text in ("", "train_v4", RUN + "x", RUN.upper()):
        form = StopForm(RUN)
        form.press("tab")
        typed(form, text)
        form.press("tab")
        assert form.press("enter") == "open"
        assert RUN in form.hint


def test_unsaved_needs_its_word_too():
    """Stopping without saving needs the id and the word."""
    form = StopForm(RUN)
    form.press("tab")
    typed(form, RUN)
    for _ in range(3):
        form.press("tab")
    assert form.press("enter") == "open"
    form.press("up")
    typed(form, UNSAVED)
    form.press("down")
    assert form.press("enter") == "unsaved"


def test_the_word_alone_is_nothing():
    """UNSAVED without the id stops nothing."""
    form = StopForm(RUN)
    for _ in range(3):
        form.press("tab")
    typed(form, UNSAVED)
    form.press("tab")
    assert form.press("enter") == "open"


def test_escape_leaves_from_anywhere():
    """Escape is cancel wherever the focus is."""
    form = StopForm(RUN)
    for _ in range(5):
        form.press("tab")
        assert form.press("escape") == "cancel"


def test_backspace_corrects():
    """A slip can be taken back."""
    form = StopForm("ab")
    form.press("tab")
    typed(form, "ax")
    form.press("backspace")
    typed(form, "b")
    assert form.matches


@given(st.lists(st.sampled_from(["enter", "tab", "shift+tab", "space", "down", "up", "backspace", "a", "X", "7", "y", "U"]), max_size=200))
def test_mashing_keys_never_stops(keys: list[str]):
    """Without the id there is no sequence of keys that stops."""
    form = StopForm(RUN)
    answers = {form.press(key, key if len(key) == 1 else None) for key in keys}
    assert not answers & {"stop", "unsaved"}
