from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.snapshot import Progress
from trainwatch.present import scale

VALUES = st.floats(-1e12, 1e12)


@given(st.lists(st.lists(st.tuples(VALUES, VALUES).map(lambda p: (min(p), max(p))), max_size=40), max_size=3))
def test_limits_hold_the_values(curves: list[list[tuple[float, float]]]):
    """Everything lies inside the limits, except what is said to be clipped above."""
    limits = scale.y_limits(curves)
    assert limits.low < limits.high
    assert limits.low <= min((e[0] for c in curves for e in c), default=0) + 1e-6
    assert limits.clipped or limits.high >= max((e[1] for c in curves for e in c), default=1) - 1e-6


def test_limits_rarely_move():
    """Small changes of the extremes leave the limits where they are."""
    assert scale.y_limits([[(0.11, 3.07)]]) == scale.y_limits([[(0.13, 3.21)]])


def test_one_spike_does_not_flatten_the_curve():
    """A single value far above all others is clipped, and said to be."""
    spiked = [(1.0, 2.0)] * 99 + [(1.0, 1e8)]
    limits = scale.y_limits([spiked])
    assert limits.clipped
    assert limits.high < 3


def test_few_points_are_no_spike():
    """Three evaluations are all shown, and so is a curve that lies far above the other."""
    assert scale.y_limits([[(6.71, 6.71), (6.93, 6.93), (6.72, 6.72)]]).high >= 6.93
    assert scale.y_limits([[(1.0, 2.0)] * 99, [(80.0, 80.0)] * 3]).high >= 80


@given(st.floats(1, 1e9), st.floats(0, 1e9))
def test_the_axis_holds_the_newest_step(last: float, more: float):
    """Whatever was planned, the newest step lies on the axis."""
    planned = int(more) or None
    assert scale.x_end(Progress(total_steps=planned), last) >= last


def test_the_axis_is_the_plan_and_jumps_beyond():
    """The axis ends at the planned steps; it is shorter while a run is young, without a plan round."""
    assert scale.x_end(Progress(total_steps=14_000), 9200) == 14_000
    assert scale.x_end(Progress(total_steps=5064), 225) == 400
    young = [scale.x_end(Progress(total_steps=960), step) for step in range(960)]
    assert young == sorted(young)
    assert set(young) == {75.0, 300.0, 960.0}
    assert {scale.x_end(Progress(), step) for step in range(3000, 3700, 100)} == {4000.0}


@pytest.mark.parametrize(("low", "high", "parts"), [(0, 3.5, 4), (0, 4400, 5), (-2, 2, 4), (1e-5, 2e-4, 3)])
def test_ticks_are_round_and_few(low: float, high: float, parts: int):
    """Ticks lie inside the range, at most one more than parts were asked for, at equal distances."""
    found = scale.ticks(low, high, parts)
    assert 2 <= len(found) <= parts + 1
    assert all(low - 1e-9 <= t <= high * (1 + 1e-9) for t in found)
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert all(math.isclose(g, gaps[0]) for g in gaps)


def test_tick_labels_have_the_digits_they_need():
    """Labels of one axis show equally many decimals."""
    assert [scale.tick_text(v, 0.5) for v in (0.5, 1.0, 1.5)] == ["0.5", "1.0", "1.5"]
    assert scale.tick_text(2e-4, 1e-4) == "2e-4"
    assert scale.tick_text(0, 1.0) == "0"
