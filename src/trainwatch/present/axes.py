"""What stands around a plot: title rule, y labels, x axis."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.scale import Limits, nice_step, tick_text, ticks
from trainwatch.present.width import cells, cut
from trainwatch.present.xaxis import XAxis

GUTTER = 7
"""The columns left of a plot: six for a label, one for the axis. The phase strip begins after them too."""

Part = tuple[str, str]
"""(text, role)."""


def title(canvas: Canvas, name: str, parts: Sequence[Part], right: Sequence[Part], look: Look) -> None:
    """The rule over a panel with its name, figures after it, and more at the right end, as much of it as fits."""
    canvas.put(0, 0, look.rule * canvas.width, "text.rule")
    x = canvas.put(1, 0, f" {name} ", "text.title")
    for text, role in parts:
        if x + cells(text) + 1 > canvas.width:
            break
        x = canvas.put(x, 0, f" {text} ", role)
    while right and x + _length(right) + 2 > canvas.width:
        right = right[:-1]
    length = _length(right)
    if right:
        at = canvas.put(canvas.width - length - 1, 0, " ")
        for text, role in right:
            at = canvas.put(at, 0, f"{text} ", role)


def _length(parts: Sequence[Part]) -> int:
    """The columns of parts with a blank before and after each."""
    return sum(cells(text) + 1 for text, _ in parts) + 1


def y_axis(canvas: Canvas, top: int, rows: int, limits: Limits, look: Look, *, gutter: int = GUTTER) -> None:
    """Axis line and labels for a plot of `rows` rows that begins in row `top`."""
    for row in range(rows):
        canvas.put(gutter - 1, top + row, look.axis, "text.rule")
    parts = max(min((rows - 1) // 2, 6), 1)
    unit = nice_step(limits.high - limits.low, parts)
    for value in ticks(limits.low, limits.high, parts):
        row = round((limits.high - value) / (limits.high - limits.low) * (rows * 4 - 1)) // 4
        canvas.put(0, top + row, f"{cut(tick_text(value, unit), gutter - 1, ''):>{gutter - 1}}", "text.dim")
        canvas.put(gutter - 1, top + row, look.tick, "text.rule")


def x_axis(canvas: Canvas, y: int, axis: XAxis, look: Look, *, gutter: int = GUTTER) -> None:
    """Axis line in row `y`; in the row below what it counts, and its labels, the last one at the right end."""
    width = canvas.width - gutter
    canvas.put(gutter - 1, y, look.corner + look.rule * width, "text.rule")
    free = canvas.width - cells(axis.last_label)
    canvas.put(free, y + 1, axis.last_label, "text.dim")
    x = canvas.put(0, y + 1, f"{axis.unit:>{gutter - 1}}", "text.dim")
    for value, text in axis.labels(max(min(width // 14, 8), 1)):
        at = gutter + int(value / axis.end * width) - (cells(text) // 2 if value else 0)
        if at > x and at + cells(text) < free:
            x = canvas.put(at, y + 1, text, "text.dim")
