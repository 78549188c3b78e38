"""A canvas as text with colours, for a terminal that no screen library drives."""

from __future__ import annotations

from trainwatch.present.canvas import Canvas
from trainwatch.present.theme import ANSI, Style, Theme

RESET = "\x1b[0m"


def to_ansi(canvas: Canvas, theme: Theme, *, colour: bool = True) -> str:
    """The rows, joined by line breaks; without `colour` only attributes such as bold are kept."""
    return "\r\n".join(
        "".join(f"{sgr(theme.styles[role], theme, colour=colour)}{text}{RESET}" for text, role in canvas.runs(y))
        for y in range(canvas.height)
    )


def sgr(style: Style, theme: Theme, *, colour: bool = True) -> str:
    """The escape sequence that switches a style on; empty for a plain one."""
    flags = ((style.bold, "1"), (style.dim, "2"), (style.italic, "3"), (style.underline, "4"), (style.reverse, "7"))
    codes = [code for on, code in flags if on]
    if colour:
        codes += _colour(style.color or theme.foreground, 30) + _colour(style.background or theme.background, 40)
    return f"\x1b[{';'.join(codes)}m" if codes else ""


def _colour(name: str, base: int) -> list[str]:
    """The codes of a colour; `base` is 30 for text and 40 for what is behind it."""
    if not name:
        return []
    if name in ANSI:
        index = ANSI.index(name)
        return [str(base + index if index < 8 else base + 52 + index)]
    red, green, blue = (int(name[i : i + 2], 16) for i in (1, 3, 5))
    return [str(base + 8), "5", str(cube(red, green, blue))]


def cube(red: int, green: int, blue: int) -> int:
    """The nearest of the 216 colours of the 6x6x6 cube that all but the oldest terminals show."""
    return 16 + 36 * _level(red) + 6 * _level(green) + _level(blue)


def _level(value: int) -> int:
    """The nearest of the cube's six levels."""
    return min(range(6), key=lambda i: abs((0, 95, 135, 175, 215, 255)[i] - value))
