from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.series import BEHIND, FANOUT, Series

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=300).map(lambda values: values * 10)
PLACES = st.integers(0, 3 * BEHIND)


def filled(values: list[float], cuts: list[int]) -> Series:
    """A series to which the values were appended in pieces, one step apart."""
    series = Series()
    edges = sorted({0, len(values), *(c % (len(values) + 1) for c in cuts)})
    for a, b in pairwise(edges):
        series.extend(values[a:b], a, b - 1)
    return series


@given(VALUES, st.lists(PLACES, max_size=6), PLACES, PLACES)
def test_extremes_are_those_of_the_finite_values(values: list[float], cuts: list[int], a: int, b: int) -> None:
    """The pyramid finds exactly the minimum and maximum of the finite values of any stretch, however the values were appended."""
    finite = [v for v in values[a:b] if math.isfinite(v)]

    assert ((min(finite), max(finite)) if finite else None) == filled(values, cuts).extremes(a, b)


@given(VALUES, st.lists(PLACES, max_size=6), PLACES, PLACES)
def test_values_that_are_not_finite_are_kept_and_counted(values: list[float], cuts: list[int], a: int, b: int) -> None:
    """NaN and infinities stay in place and are counted in any stretch."""
    series = filled(values, cuts)

    assert len(values) == len(series)
    assert sum(not math.isfinite(v) for v in values[a:b]) == series.nonfinite_in(a, max(a, b))


def test_a_step_is_found_from_an_index_and_back() -> None:
    """Steps are linear between anchors, also across a gap between blocks."""
    series = Series()
    series.extend([1.0] * 11, 0, 100)
    series.extend([2.0], 500, 500)

    assert series.step_at(5) == 50
    assert series.step_at(11) == 500
    assert series.index_at(51) == 6
    assert series.index_at(501) == 12


def test_a_million_values_take_about_nine_bytes_each() -> None:
    """Regular steps cost nothing and the pyramid an eighth: at most 9.5 bytes a value."""
    series = Series()
    for start in range(0, 1_000_000, 1000):
        series.extend([float(i) for i in range(start, start + 1000)], start * 10, (start + 999) * 10)
    held = sum(a.itemsize * len(a) for a in (series.values, series._at, series._steps, *series._low, *series._high))

    assert held / 1_000_000 <= 9.5


def test_an_empty_series_has_no_last_value_and_no_extremes() -> None:
    """Absence is None, not an error."""
    assert Series().last is None
    assert Series().extremes(0, FANOUT) is None


def test_the_step_of_nothing_is_an_error() -> None:
    """An empty series has no step to give."""
    with pytest.raises(IndexError):
        Series().step_at(0)
