from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.width import cells, cut, cut_middle, wrap

TEXT = st.text(alphabet=st.sampled_from("ab cé日本e\u0301…"))


@given(TEXT, st.integers(0, 20))
def test_cut_text_fits(text: str, width: int):
    """Cut text never takes more cells than asked, and text that fits stays as it is."""
    for shorter in (cut(text, width), cut_middle(text, width)):
        assert cells(shorter) <= width
        assert shorter == text or cells(text) > width


@given(TEXT, st.integers(4, 20), st.integers(1, 4))
def test_wrapped_text_fits(text: str, width: int, lines: int):
    """Wrapped text has at most that many lines, none wider than asked."""
    out = wrap(text, width, lines)
    assert len(out) <= lines
    assert all(cells(line) <= width for line in out)


def test_what_is_lost_is_marked():
    """The end of a name survives, and a mark stands where something is missing."""
    assert cut("checkpoint-6000", 8) == "checkpo…"
    assert cut_middle("/scratch/long/train_v4.out", 14) == "/scratc…v4.out"
    assert wrap("one two three four", 9, 2) == ["one two", "three fo…"]


def test_wide_characters_count_twice():
    """A terminal gives two cells to wide characters and none to combining marks."""
    assert cells("日本") == 4
    assert cells("e\u0301") == 1
