import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.series import Series
from trainwatch.report.floor import print_floor, shown


@given(st.integers(1, 6), st.lists(st.integers(1, 10**6), min_size=5))
def test_half_of_the_last_digit(digits: int, counts: list[int]):
    """Values printed with so many decimals tell that a printed 0 is below half of the last of them."""
    values = [count / 10**digits for count in [*counts, 1]]
    assert print_floor(values) == pytest.approx(0.5 * 10**-digits)


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [1.0, 2.0], [float("nan")], [0.1 + 0.2, 1 / 3]])
def test_where_nothing_tells(values: list[float]):
    """Without a decimal, or with all that a float has, a 0 stays a 0."""
    assert print_floor(values) is None


def test_a_zero_is_shown_as_what_is_known():
    """Below the floor where there is one; other values as they are."""
    series = Series()
    series.extend([0.5, 0.0021, 0.0], 1, 3)
    assert (shown(0.0, series), shown(0.0021, series), shown(0.0, None), shown(None, series)) == ("< 5e-5", "0.0021", "0", "?")
