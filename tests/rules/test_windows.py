import math
from array import array

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.rules.windows import Windows

_VALUES = st.lists(st.floats(-10, 10) | st.just(math.nan), max_size=40)


@given(st.integers(1, 7), st.lists(_VALUES, max_size=6))
def test_skipping_windows_leaves_what_filling_them_leaves(size: int, columns: list[list[float]]) -> None:
    """However many values came before, as many windows are complete, the last at the same row, and the same values are held."""
    filled, skipped = Windows(size), Windows(size)
    for values in columns:
        column = array("d", values)
        found = list(filled.fill(column))
        full, row = skipped.skip(column)
        assert full == len(found)
        assert not found or row == found[-1][0]
        assert repr(filled.highest) == repr(skipped.highest)


def test_a_window_hands_out_its_finite_values() -> None:
    """Three values a window, across columns; NaN is left out, and the row is that of the last value."""
    windows = Windows(3)
    assert list(windows.fill(array("d", [1.0, math.nan]))) == []
    assert windows.highest == 1.0
    assert list(windows.fill(array("d", [2.0, 3.0, 4.0, 5.0]))) == [(0, [1.0, 2.0]), (3, [3.0, 4.0, 5.0])]
    assert windows.highest == -math.inf
