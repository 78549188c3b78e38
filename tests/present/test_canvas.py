from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.canvas import Canvas

PUTS = st.lists(
    st.tuples(st.integers(-3, 30), st.integers(-1, 5), st.text("ab 日", max_size=8), st.sampled_from(["text.plain", "text.dim"]))
)


def painted(puts: list[tuple[int, int, str, str]]) -> Canvas:
    """A canvas with texts on it."""
    canvas = Canvas(24, 4)
    for x, y, text, role in puts:
        canvas.put(x, y, text, role)
    return canvas


@given(PUTS)
def test_nothing_leaves_the_canvas(puts: list[tuple[int, int, str, str]]):
    """Wherever text is put, the canvas keeps its size."""
    canvas = painted(puts)
    assert [len(row) for row in canvas.chars] == [24] * 4
    assert [len(row) for row in canvas.roles] == [24] * 4


@given(PUTS, PUTS)
def test_changes_are_enough(before: list[tuple[int, int, str, str]], after: list[tuple[int, int, str, str]]):
    """Copying only the changed stretches onto the old canvas gives the new one, and equal canvases have none."""
    old, new = painted(before), painted(after)
    for x, y, width in new.changes(old):
        old.chars[y][x : x + width] = new.chars[y][x : x + width]
        old.roles[y][x : x + width] = new.roles[y][x : x + width]
    assert (old.chars, old.roles) == (new.chars, new.roles)
    assert list(new.changes(old)) == []


def test_near_changes_are_one_stretch():
    """Two changed cells with a small gap are sent together, far ones apart."""
    old, new = Canvas(60, 1), Canvas(60, 1)
    for x in (2, 5, 45):
        new.put(x, 0, "x")
    assert list(new.changes(old)) == [(2, 0, 4), (45, 0, 1)]


def test_runs_follow_roles():
    """A row falls into stretches of one role."""
    canvas = Canvas(6, 1)
    canvas.put(2, 0, "日", "text.dim")
    assert list(canvas.runs(0)) == [("  ", "text.plain"), ("日", "text.dim"), ("  ", "text.plain")]


def test_stamp_is_clipped():
    """A canvas laid over the edge loses what lies outside."""
    canvas, other = Canvas(4, 2), Canvas(3, 2)
    other.put(0, 0, "abc")
    canvas.stamp(other, 2, 1)
    assert canvas.lines() == ["    ", "  ab"]
