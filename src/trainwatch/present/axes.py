"""What stands around a plot: title rule, y labels, x axis."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.present import numbers
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.scale import Limits, nice_step, tick_text, ticks
from trainwatch.present.width import cells, cut

GUTTER = 7
"""The columns left of a plot: six for a label, one for the axis. The phase strip begins after them too."""

Part = tuple[str, str]
"""(text, role)."""


def title(canvas: Canvas, name: str, parts: Sequence[Part], right: Sequence[Part], look: Look) -> None:
    """The rule over a panel with its name, figures after it, and more at the right end where it fits."""
    canvas.put(0, 0, look.rule * canvas.width, "text.rule")
    x = canvas.put(1, 0, f" {name} ", "text.title")
    for text, role in parts:
        if x + cells(text) + 1 > canvas.width:
            break
        x = canvas.put(x, 0, f" {text} ", role)
    length = sum(cells(text) + 1 for text, _ in right) + 1
    if right and x + length + 2 <= canvas.width:
        at = canvas.put(canvas.width - length - 1, 0, " ")
        for text, role in right:
            at = canvas.put(at, 0, f"{text} ", role)


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


def x_axis(canvas: Canvas, y: int, end: float, look: Look, *, gutter: int = GUTTER) -> None:
    """Axis line in row `y` and step labels in the row below, the last one at the right end."""
    width = canvas.width - gutter
    canvas.put(gutter - 1, y, look.corner + look.rule * width, "text.rule")
    last = numbers.step(end)
    free = canvas.width - cells(last)
    canvas.put(free, y + 1, last, "text.dim")
    parts = max(min(width // 14, 8), 1)
    x = 0
    for value in ticks(0, end, parts):
        text = numbers.step(value)
        at = gutter + int(value / end * width) - (cells(text) // 2 if value else 0)
        if at > x and at + cells(text) < free:
            x = canvas.put(at, y + 1, text, "text.dim")
