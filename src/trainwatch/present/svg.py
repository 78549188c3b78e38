"""A canvas as an SVG picture that looks the same everywhere: dots, bars and rules are shapes, only text needs a font."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape

from trainwatch.present.canvas import Canvas
from trainwatch.present.theme import ANSI, Style, Theme

CELL = (8.0, 17.0)
"""Width and height of a cell."""

_MARGIN = 12.0
_FONT = "'DejaVu Sans Mono', ui-monospace, Menlo, Consolas, monospace"
_TERMINAL = ("#d7dae0", "#101418")
"""Text and background of a picture in a theme that leaves both to the terminal."""

_PALETTE = (
    "#2b3138", "#f2734f", "#45c49a", "#e8c547", "#5aa9e6", "#cc79a7", "#56c5d0", "#c9d1d9",
    "#66707b", "#ff8f70", "#6fe0ba", "#f0e442", "#8cc7f2", "#e3a5cb", "#84dbe4", "#ffffff",
)  # fmt: skip
"""Shades for the sixteen ANSI colours, which a real terminal has its own of."""

_SPARKS = "▁▂▃▄▅▆▇█"
_SHADES = {"░": 0.25, "▒": 0.5}
_RULES = {
    "─": "lr",
    "━": "lr",
    "╌": "lr",
    "│": "ud",
    "┊": "ud",
    "┤": "udl",
    "└": "ur",
    "╭": "dr",
    "╮": "dl",
    "╰": "ur",
    "╯": "ul",
    "╱": "/",  # noqa: RUF001
}
_DASHED = "╌┊"


def to_svg(canvas: Canvas, theme: Theme, title: str) -> str:
    """The picture; `title` is read out by screen readers."""
    width, height = canvas.width * CELL[0] + 2 * _MARGIN, canvas.height * CELL[1] + 2 * _MARGIN
    body = "\n".join(part for y in range(canvas.height) for part in _row(canvas, y, theme))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">\n'
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{theme.background or _TERMINAL[1]}"/>\n'
        f'<g transform="translate({_MARGIN:g} {_MARGIN:g})" font-family="{_FONT}" font-size="13.2">\n{body}\n</g>\n</svg>\n'
    )


def _row(canvas: Canvas, y: int, theme: Theme) -> Iterator[str]:
    """The elements of one row."""
    for role, columns in groupby(range(canvas.width), key=canvas.roles[y].__getitem__):
        style, cells = theme.styles[role], list(columns)
        front, back = _colours(style, theme)
        if back:
            width = len(cells) * CELL[0]
            yield f'<rect x="{cells[0] * CELL[0]:g}" y="{y * CELL[1]:g}" width="{width:g}" height="{CELL[1]:g}" fill="{back}"/>'
        content = "".join(_glyphs(canvas, cells, y, style))
        if content:
            faint = ' opacity="0.62"' if style.dim else ""
            yield f'<g fill="{front}" stroke="{front}" stroke-width="0"{faint}>{content}</g>'


def _colours(style: Style, theme: Theme) -> tuple[str, str]:
    """Colour of the text and of what is behind it, the latter empty for the theme's own."""
    front = _hex(style.color) or _hex(theme.foreground) or _TERMINAL[0]
    back = _hex(style.background)
    return ((back or theme.background or _TERMINAL[1]), front) if style.reverse else (front, back)


def _hex(name: str) -> str:
    """A colour in hexadecimal; empty stays empty."""
    return _PALETTE[ANSI.index(name)] if name in ANSI else name


def _glyphs(canvas: Canvas, cells: list[int], y: int, style: Style) -> Iterator[str]:
    """Shapes and stretches of text of cells of one style."""
    word, begin = "", 0
    for column in cells:
        char = canvas.chars[y][column]
        if char.isascii() and char not in ("", " "):
            begin = column if not word else begin
            word += char
            continue
        if word:
            yield _text(word, begin, y, style)
            word = ""
        if char not in ("", " "):
            yield _shape(char, column * CELL[0], y * CELL[1]) or _text(char, column, y, style)
    if word:
        yield _text(word, begin, y, style)


def _text(text: str, x: int, y: int, style: Style) -> str:
    """Text that takes exactly its cells, whatever the font."""
    weight = ' font-weight="bold"' if style.bold else ""
    length = f' textLength="{len(text) * CELL[0]:g}" lengthAdjust="spacingAndGlyphs"' if len(text) > 1 else ""
    return f'<text x="{x * CELL[0]:g}" y="{y * CELL[1] + 12.6:g}"{weight}{length}>{escape(text)}</text>'


def _shape(char: str, x: float, y: float) -> str:
    """What is drawn and not written: braille dots, bars, shades, rules; empty for any other character."""
    width, height = CELL
    if "\u2800" <= char <= "\u28ff":
        return _braille(ord(char) - 0x2800, x, y)
    if char in _SPARKS:
        tall = (height - 2) * (_SPARKS.index(char) + 1) / 8
        return f'<rect x="{x + 0.5:g}" y="{y + height - tall:g}" width="{width - 1:g}" height="{tall:g}"/>'
    if char in _SHADES:
        return f'<rect x="{x:g}" y="{y + 3:g}" width="{width:g}" height="{height - 6:g}" opacity="{_SHADES[char]}"/>'
    return _rule(char, x, y) if char in _RULES else ""


def _braille(bits: int, x: float, y: float) -> str:
    """Up to eight dots."""
    order = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
    across, down = CELL[0] / 2, CELL[1] / 4
    dots = (order[i] for i in range(8) if bits >> i & 1)
    return "".join(f'<circle cx="{x + across * (c + 0.5):g}" cy="{y + down * (r + 0.5):g}" r="1.75"/>' for c, r in dots)


def _rule(char: str, x: float, y: float) -> str:
    """Lines from the middle of the cell to its edges; the phase strip's slash from corner to corner."""
    width, height = CELL
    middle_x, middle_y = x + width / 2, y + height / 2
    ends = {"l": (x, middle_y), "r": (x + width, middle_y), "u": (middle_x, y), "d": (middle_x, y + height)}
    if _RULES[char] == "/":
        path = f"M{x + 1:g} {y + height - 4:g}L{x + width - 1:g} {y + 4:g}"
    else:
        path = "".join(f"M{middle_x:g} {middle_y:g}L{ends[way][0]:g} {ends[way][1]:g}" for way in _RULES[char])
    dash = ' stroke-dasharray="2 2"' if char in _DASHED else ""
    thick = 2.4 if char == "━" else 1
    return f'<path d="{path}" fill="none" stroke-width="{thick:g}"{dash}/>'
