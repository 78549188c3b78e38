"""Where records stand: lines counted when asked for."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.formats.places import SlicePlaces
from trainwatch.formats.steps import Steps


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r"]), min_size=1, max_size=60).map(b"".join), st.lists(st.integers(0, 59), max_size=9))
def test_a_line_is_the_same_in_whatever_order_lines_are_asked_for(data: bytes, asked: list[int]) -> None:
    """Rules ask for the lines of a stretch forwards, backwards and twice; each is counted from the byte that begins the stretch."""
    places = SlicePlaces(data, 1000, 0, 7, array("q"), None, None, Steps(), "train")

    for at in asked:
        assert 7 + data[:at].count(b"\n") == places.line(1000 + at)
