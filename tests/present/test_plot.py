from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.present.canvas import Canvas
from trainwatch.present.columns import Column
from trainwatch.present.look import ASCII, UNICODE, Look
from trainwatch.present.plot import Curve, draw
from trainwatch.present.scale import Limits


def column(value: float) -> Column:
    """A column that holds one value."""
    return Column(value, value, value, nonfinite=False)


NAN = Column(math.inf, -math.inf, None, nonfinite=True)


def drawn(columns: list[Column | None], look: Look, width: int = 6, height: int = 3, limits: Limits | None = None) -> list[str]:
    """The plot as text."""
    canvas = Canvas(width, height)
    draw(canvas, [Curve(columns, "series.train", "o")], limits or Limits(0.0, 2.0), look)
    return canvas.lines()


def test_a_falling_line_in_ascii():
    """High values are on top, and a jump is filled so that the line is one."""
    assert drawn([column(v) for v in (2.0, 2.0, 1.0, 0.0, 0.0)], ASCII) == ["oo    ", "  o   ", "   oo "]
    assert drawn([column(v) for v in (2.0, 0.0)], ASCII) == ["o     ", "o     ", " o    "]


def test_sparse_points_are_joined():
    """A line goes straight over columns into which nothing falls."""
    assert drawn([column(0.0), None, None, None, column(0.0)], ASCII)[2] == "ooooo "


def test_nan_is_drawn_and_breaks_the_line():
    """A column with nothing finite is an N on the top edge and a gap in the line."""
    assert drawn([column(0.0), NAN, column(0.0)], ASCII) == [" N    ", "      ", "o o   "]


def test_braille_dots():
    """In Unicode a cell holds two by four dots."""
    assert drawn([column(2.0), column(2.0)], UNICODE)[0][0] == "⠉"
    assert drawn([column(0.0), column(0.0)], UNICODE)[2][0] == "⣀"


def test_clipped_values_are_marked():
    """A value above the limits is a mark on the top edge."""
    assert drawn([column(1.0), column(99.0)], ASCII, limits=Limits(0.0, 2.0, clipped=True))[0][1] == "^"


def test_lines_that_meet_keep_their_dots():
    """Where two lines share a cell, it shows the dots of both."""
    canvas = Canvas(1, 1)
    curves = [Curve([column(v)] * 2, role, "o") for v, role in ((1.0, "series.eval"), (0.0, "series.train"))]
    draw(canvas, curves, Limits(0.0, 1.0), UNICODE)
    assert (canvas.chars[0][0], canvas.roles[0][0]) == (chr(0x2800 + 0x09 + 0xC0), "series.eval")


@pytest.mark.parametrize("look", [ASCII, UNICODE])
@given(st.lists(st.one_of(st.none(), st.just(NAN), st.floats(-1e300, 1e300).map(column)), max_size=12))
def test_any_columns_can_be_drawn(look: Look, columns: list[Column | None]):
    """Nothing raises and nothing is drawn outside, however far the values lie from the limits."""
    assert [len(line) for line in drawn(columns, look, width=12)] == [12] * 3
