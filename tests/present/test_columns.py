from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.series import Series
from trainwatch.present.columns import Columns

VALUES = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(math.nan)), min_size=1, max_size=300)


def series_of(values: list[float]) -> Series:
    """A series with a value every 10 steps."""
    series = Series()
    for i, value in enumerate(values, 1):
        series.extend([value], i * 10, i * 10)
    return series


@given(VALUES, st.integers(1, 80))
def test_columns_lose_no_extreme(values: list[float], count: int):
    """Whatever the number of columns, the lowest and the highest value are in one of them, and NaN is known of."""
    columns = Columns(series_of(values), 3000.0, count).all()
    finite = [v for v in values if math.isfinite(v)]
    known = [c for c in columns if c is not None]
    assert min((c.low for c in known), default=math.inf) == min(finite, default=math.inf)
    assert max((c.high for c in known), default=-math.inf) == max(finite, default=-math.inf)
    assert any(c.nonfinite for c in known) == (len(finite) < len(values))


@given(VALUES, st.integers(1, 40))
def test_kept_columns_equal_fresh_ones(values: list[float], count: int):
    """Columns kept while the series grows are the same as those of a cut made at the end."""
    series = Series()
    kept = Columns(series, 3000.0, count)
    for i, value in enumerate(values, 1):
        series.extend([value], i * 10, i * 10)
        kept.all()
    assert kept.all() == Columns(series, 3000.0, count).all()


def test_empty_and_sparse():
    """No value, no column; where nothing falls stands None."""
    assert Columns(Series(), 100.0, 10).all() == []
    sparse = Columns(series_of([1.0, 2.0]), 20.0, 10).all()
    assert [i for i, c in enumerate(sparse) if c is not None] == [5, 9]
