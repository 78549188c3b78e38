from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.1376, "0.1376"),
        (1.445, "1.445"),
        (0.00013, "1.3e-4"),
        (12400, "12.4k"),
        (9999.96, "10k"),
        (9200, "9200"),
        (-2e-5, "-2e-5"),
        (1.25e16, "1.25e16"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (None, "?"),
    ],
)
def test_number_has_four_digits(value: float | None, text: str):
    """A value reads with four significant digits, small ones in powers of ten, large ones with a letter."""
    assert numbers.number(value) == text


@given(st.floats(min_value=-1e300, max_value=1e300))
def test_number_is_short_and_true(value: float):
    """Whatever the value, the text is short and, letters taken as powers, within half of its last digit."""
    text = numbers.number(value)
    assert len(text) <= 12
    scale = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1], 1)
    read = float(text.rstrip("kMGT")) * scale
    assert math.isclose(read, value, rel_tol=5.01e-4)


def test_steady_numbers_keep_their_width():
    """In a column the zeros stay, so that figures do not jump."""
    assert [len(numbers.number(v, steady=True)) for v in (0.5, 0.25, 0.125, 0.1251)] == [6, 6, 6, 6]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.412, "412 ms"),
        (0.9999, "1.0 s"),
        (9.96, "10 s"),
        (59.7, "1 min"),
        (3599, "1 h 00 min"),
        (11220, "3 h 07 min"),
        (180_000, "2 d 02 h"),
        (-90, "-2 min"),
        (math.nan, "?"),
        (None, "?"),
    ],
)
def test_duration(seconds: float | None, text: str):
    """Durations are said in the unit that fits."""
    assert numbers.duration(seconds) == text


def test_other_units():
    """Counts, ratios and bytes name what they are."""
    assert [numbers.count(v) for v in (950, 9200, 1.28e6, None)] == ["950", "9.2k", "1.28M", "?"]
    assert [numbers.percent(v) for v in (0, 0.004, 0.66, 1, None)] == ["0 %", "0.4 %", "66 %", "100 %", "?"]
    assert [numbers.size(v) for v in (812, 71.2e9, 999_999, None)] == ["812 B", "71.2 GB", "1 MB", "?"]
    assert [numbers.integer(v) for v in (9200, None)] == ["9,200", "?"]
    assert [numbers.step(v) for v in (9200, 12_500, None)] == ["9200", "12.5k", "?"]
