"""What a theme must hold to be read by everybody: contrast, and pairs that stay apart for colour-blind eyes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from trainwatch.model.errors import Mistake
from trainwatch.present.colour import VISIONS, contrast, difference
from trainwatch.present.theme import Style, Theme

TEXT, LINE, APART = 4.5, 3.0, 15.0
"""Least contrast of text and of lines with what is behind them (WCAG 2), and least distance of two colours in CIE Lab."""

_LINES = ("series.", "gpu.", "text.rule")
_PAIRS = (
    ("series.train", "series.eval"),
    ("severity.yellow", "severity.orange", "severity.red"),
    ("phase.healthy", "phase.divergence", "phase.severe", "phase.memorised"),
)
"""Roles that stand side by side and must not be taken for one another; glyphs and words tell them apart too."""


def problems(theme: Theme, file: str) -> list[Mistake]:
    """Everything that is hard to read. Colours that the terminal chooses cannot be judged and are passed over."""
    return [*_faint(theme, file), *_alike(theme, file)]


def _faint(theme: Theme, file: str) -> Iterator[Mistake]:
    """Styles with too little contrast."""
    for role, style in theme.styles.items():
        front, back = _pair(style, theme)
        least = LINE if role.startswith(_LINES) else TEXT
        if front and back and contrast(front, back) < least:
            yield Mistake(file, role, f"contrast {contrast(front, back):.1f} of {front} on {back} is below {least}")


def _alike(theme: Theme, file: str) -> Iterator[Mistake]:
    """Pairs that some eyes cannot tell apart."""
    for group in _PAIRS:
        for a, b in combinations(group, 2):
            colours = [_pair(theme.styles[role], theme)[0] for role in (a, b)]
            for vision in VISIONS if all(colours) else ():
                distance = difference(colours[0], colours[1], vision)
                if distance < APART:
                    yield Mistake(file, a, f"too like {b} for {vision} vision: distance {distance:.0f}, at least {APART:.0f}")


def _pair(style: Style, theme: Theme) -> tuple[str, str]:
    """Colour and background in hexadecimal; empty for what the terminal chooses."""
    front, back = (c if c.startswith("#") else "" for c in (style.color or theme.foreground, style.background or theme.background))
    return (back, front) if style.reverse else (front, back)
