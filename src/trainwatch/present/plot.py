"""Columns become dots: braille where the terminal can, one character a cell where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.present.canvas import Canvas
from trainwatch.present.columns import Column
from trainwatch.present.look import Look
from trainwatch.present.scale import Limits

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bit of a braille character by column and row of the dot."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line to draw. `band` is the role of the min-max band behind it, empty for none; `point` its character without braille."""

    columns: Sequence[Column | None]
    role: str
    point: str
    band: str = ""


def density(look: Look) -> tuple[int, int]:
    """Dots per cell, across and down."""
    return (1, 1) if look.ascii else (2, 4)


def draw(canvas: Canvas, curves: Sequence[Curve], limits: Limits, look: Look) -> None:
    """Draw curves over the whole canvas, bands first, the first curve on top; where two lines meet, the dots of both are shown.

    Columns that hold a value that is not finite get an `N` on the top edge, those with values above the limits a `^`.
    """
    bands: Cells = {}
    lines: Cells = {}
    for curve in reversed(curves):
        if curve.band:
            _ink(bands, _band(curve, limits, canvas, look), look, curve.band, look.band)
        _ink(lines, _line(curve, limits, canvas, look), look, curve.role, curve.point)
    for (y, x), (bits, role, point) in (bands | lines).items():
        canvas.chars[y][x] = point if look.ascii else chr(_BRAILLE + bits)
        canvas.roles[y][x] = role
    for curve in curves:
        _edge(canvas, curve, limits, density(look)[0])


Cells = dict[tuple[int, int], tuple[int, str, str]]
"""(row, column) of a cell to its dots, role and character."""

Dots = list[tuple[int, int, int]]
"""(column, first row, last row) of vertical strokes, in dots."""


def _row(value: float, limits: Limits, rows: int) -> int:
    """The dot row of a value, counted from the top, kept inside."""
    share = (limits.high - value) / (limits.high - limits.low)
    return min(max(round(share * (rows - 1)), 0), rows - 1)


def _band(curve: Curve, limits: Limits, canvas: Canvas, look: Look) -> Dots:
    """A stroke from minimum to maximum in each column that holds more than one value."""
    rows = canvas.height * density(look)[1]
    return [
        (x, _row(c.high, limits, rows), _row(c.low, limits, rows))
        for x, c in enumerate(curve.columns)
        if c is not None and c.mean is not None and c.high > c.low
    ]


def _line(curve: Curve, limits: Limits, canvas: Canvas, look: Look) -> Dots:
    """One connected line through the means; it breaks where a column holds nothing finite."""
    rows = canvas.height * density(look)[1]
    heights = [None if m is None else _row(m, limits, rows) for m in _bridge(curve.columns)]
    out: Dots = []
    previous: int | None = None
    for x, row in enumerate(heights):
        if row is None:
            previous = None
            continue
        if previous is None or abs(previous - row) <= 1:
            out.append((x, row, row))
        else:
            middle = (previous + row) // 2
            near, far = (middle + 1, row) if row > previous else (row, middle)
            out += [(x, near, far), (x - 1, *((previous, middle) if row > previous else (middle + 1, previous)))]
        previous = row
    return out


def _bridge(columns: Sequence[Column | None]) -> list[float | None]:
    """The means, with straight lines over columns into which no value falls."""
    out: list[float | None] = [None if c is None else c.mean for c in columns]
    left = -1
    for x, column in enumerate(columns):
        if column is None:
            continue
        a, b = (out[left] if left >= 0 else None), out[x]
        if a is not None and b is not None:
            for between in range(left + 1, x):
                out[between] = a + (b - a) * (between - left) / (x - left)
        left = x
    return out


def _ink(cells: Cells, strokes: Dots, look: Look, role: str, point: str) -> None:
    """Add strokes to cells; a cell has the role of what was added to it last."""
    across, down = density(look)
    for x, first, last in strokes:
        column, bits = x // across, _DOTS[x % across]
        for y in range(first, last + 1):
            key = (y // down, column)
            before = cells[key][0] if key in cells else 0
            cells[key] = (before | bits[y % down], role, point)


def _edge(canvas: Canvas, curve: Curve, limits: Limits, across: int) -> None:
    """What cannot be drawn to scale, on the top row."""
    for x, column in enumerate(curve.columns):
        if column is None:
            continue
        if column.nonfinite:
            canvas.put(x // across, 0, "N", "severity.red")
        elif limits.clipped and column.high > limits.high:
            canvas.put(x // across, 0, "^", curve.role)
