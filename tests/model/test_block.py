from __future__ import annotations

import math
from array import array

from hypothesis import given
from hypothesis import strategies as st
from tests.rules.records import Lines

from trainwatch.model.block import Block

VALUES = st.lists(st.floats(-1e300, 1e300) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=30)


def block(values: list[float]) -> Block:
    """Train records with these losses."""
    return Block("train", "train.out", 1, "test", {"loss": array("d", values)}, array("q", range(len(values))), Lines())


@given(VALUES)
def test_a_column_is_put_in_order_without_what_is_no_number(values: list[float]) -> None:
    """The finite values, the lowest first, whatever stands between them; the same for all who ask."""
    made = block(values)
    assert made.ordered("loss").tolist() == sorted(value for value in values if math.isfinite(value))
    assert made.ordered("loss") is made.ordered("loss")
    assert not made.ordered("grad_norm")


@given(VALUES)
def test_extremes_are_those_of_numbers_only(values: list[float]) -> None:
    """The lowest and the highest value; none where one is not finite, where there is no value, and where there is no such column."""
    whole = bool(values) and all(map(math.isfinite, values))
    assert block(values).extremes("loss") == ((min(values), max(values)) if whole else None)
    assert block(values).extremes("grad_norm") is None
