from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.rules.condition import parse
from trainwatch.rules.criteria.projection import project
from trainwatch.rules.forecast import LEAST

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(st.floats(0, 1e300), NUMBERS), max_size=12), st.floats(1, 1e300), st.sampled_from("<>"), NUMBERS)
def test_whatever_a_log_prints_nothing_runs_over(points, deadline, sign, limit):
    """Values and steps of any size, as a run that diverges prints them: a projection of finite figures, or none."""
    found = project(sorted(points), deadline, parse(f"{sign} {limit!r}"), limit)
    if found is not None:
        assert math.isfinite(found.value)
        assert found.reached_at is None or 0 < found.reached_at <= deadline


def test_losses_beyond_all_sums_promise_nothing():
    """The largest number there is, over and over: no projection."""
    assert project([(float(step), 1.7e308) for step in range(1, 12)], 100.0, parse("< 5"), 5.0) is None


def test_a_power_law_is_followed_to_the_deadline():
    """2 + 8 / sqrt(step) at step 400 is 2.4; it comes below 2.5 at step 256."""
    points = [(float(step), 2 + 8 / math.sqrt(step)) for step in range(10, 110, 10)]
    found = project(points, 400, parse("< 2.5"), 2.5)
    assert found is not None
    assert math.isclose(found.value, 2.4)
    assert found.reached_at is not None
    assert math.isclose(found.reached_at, 256)
    assert project(points[: LEAST - 1], 400, parse("< 2.5"), 2.5) is None
