from __future__ import annotations

import math
import statistics
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.rules.noise import Resolution, Trend, decimals, mean, median, noise, relative, spread

SMALL = st.lists(st.integers(-5, 5).map(float), min_size=3, max_size=30)


@given(SMALL)
def test_trend_is_mann_kendall(values: list[float]) -> None:
    """One value at a time gives the score of the definition over all pairs."""
    trend = Trend()
    for value in values:
        trend.add(value)
    score = sum((b > a) - (b < a) for a, b in combinations(values, 2))
    n = len(values)
    expected = (score - math.copysign(1, score)) / math.sqrt(n * (n - 1) * (2 * n + 5) / 18) if score else 0.0

    assert trend.z == pytest.approx(expected)


@given(st.floats(-100, 100), st.floats(-10, 10))
def test_a_straight_line_has_no_noise(start: float, slope: float) -> None:
    """The noise scale is free of trend, and not known below four values."""
    line = [start + slope * i for i in range(12)]

    assert noise(line) == pytest.approx(0, abs=1e-9)
    assert noise(line[:3]) is None


@pytest.mark.parametrize(("value", "digits"), [(0.1376, 4), (1e-05, 5), (3.0, 0), (5.368e-05, 8), (0.0, 0), (1e22, 0), (-2.5, 1)])
def test_decimals_are_those_of_the_shortest_notation(value: float, digits: int) -> None:
    """What was printed can be told from the value."""
    assert decimals(value) == digits


def test_resolution_is_that_of_the_finest_value_shown() -> None:
    """A field that once printed four decimals hides less than half of the fourth, whatever it prints later."""
    resolution = Resolution()
    resolution.show([0.1376, 0.0, float("nan")])

    assert resolution.half_unit == pytest.approx(5e-5)


@given(st.floats(-1e-6, 1e-6), st.floats(0.001, 1))
def test_a_change_near_zero_is_not_a_huge_one(reference: float, sigma: float) -> None:
    """Relative change is measured against the noise where the value itself is next to nothing."""
    assert abs(relative(reference + sigma, reference, sigma, 0.0)) <= 0.1001


@given(SMALL)
def test_median_lies_in_the_middle(values: list[float]) -> None:
    """As many values above as below."""
    middle = median(values)

    assert sum(v < middle for v in values) <= len(values) / 2 >= sum(v > middle for v in values)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_mean_and_spread_are_those_of_the_textbook(values: list[float]) -> None:
    """The same as Python's own, which take a while to be loaded."""
    assert mean(values) == statistics.fmean(values)
    assert spread(values) == pytest.approx(statistics.pstdev(values), rel=1e-9, abs=1e-9)
