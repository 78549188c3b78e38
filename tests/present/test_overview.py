from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tui import snap
from tests.tui.fakefeed import RUN, snapshot

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.look import look
from trainwatch.present.overview import Painter


@pytest.mark.parametrize("name", snap.texts())
def test_screens_are_as_stored(name: str):
    """The overview of the made-up run looks as it did when `make snap` was last run and looked at."""
    assert (snap.SCREENS / name).read_text(encoding="utf-8") == snap.texts()[name]


@pytest.mark.parametrize("name", snap.pictures())
def test_pictures_are_as_stored(name: str):
    """The pictures of the README are those of this program, in both themes."""
    assert (Path(snap.ROOT) / "docs" / name).read_text(encoding="utf-8") == snap.pictures()[name]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 220), st.integers(1, 70), st.sampled_from([0, 1, 200, 1900, 4400]), st.integers(0, 20))
def test_ascii_is_seven_bits(width: int, height: int, step: int, gpus: int):
    """At every size and moment the ASCII screen holds no other character, and both looks fill the screen exactly."""
    shown = snapshot(step, gpus=gpus)
    for ascii_only in (True, False):
        lines = Painter(look(ascii=ascii_only)).screen(shown, width, height).lines()
        assert len(lines) == height
        assert all(line.isascii() and len(line) == width for line in lines) or not ascii_only


def test_an_empty_run_has_a_screen():
    """Before anything was printed every panel says so."""
    text = "\n".join(Painter(look(ascii=True)).screen(Snapshot(RUN), 120, 40).lines())
    for sentence in ("no step yet", "nothing was printed yet", "no metric found yet", "not sampled yet", "no rules loaded"):
        assert sentence in text


def test_hostile_names_do_not_reach_the_screen():
    """Escape sequences in the names of run, rules and metrics are data."""
    nasty = "\x1b[2J\x1b]0;x\x07[red]n"
    run = Snapshot(RUN.__class__(nasty, nasty, (nasty,), host=nasty, job_id=nasty), tail=(nasty,), formats=(nasty,))
    text = "\n".join(Painter(look(ascii=False)).screen(run, 120, 40).lines())
    assert "\x1b" not in text
    assert "\x07" not in text
