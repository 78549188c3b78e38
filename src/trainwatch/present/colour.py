"""How well colours can be read and told apart, also by eyes that miss one kind of receptor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

Vision = Literal["normal", "protan", "deutan", "tritan"]
Triple = tuple[float, float, float]

VISIONS: Mapping[Vision, tuple[Triple, Triple, Triple]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Linear RGB as it is seen, at full severity (Machado, Oliveira and Fernandes 2009, table 1)."""

_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_WHITE = (0.95047, 1.0, 1.08883)
"""sRGB to CIE XYZ, and its white (D65)."""


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def difference(first: str, second: str, vision: Vision = "normal") -> float:
    """The distance of two `#rrggbb` colours in CIE Lab (1976): about 2 is just visible, 100 is black against white."""
    a, b = (_lab(_seen(_linear(c), vision)) for c in (first, second))
    return math.dist(a, b)


def _linear(colour: str) -> Triple:
    """Linear RGB, each 0 to 1."""
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _ungamma(r), _ungamma(g), _ungamma(b)


def _ungamma(value: float) -> float:
    """The sRGB transfer function, inverted."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1."""
    return _times(_TO_XYZ, _linear(colour))[1]


def _seen(rgb: Triple, vision: Vision) -> Triple:
    """Linear RGB as that vision sees it."""
    r, g, b = _times(VISIONS[vision], rgb)
    return min(max(r, 0.0), 1.0), min(max(g, 0.0), 1.0), min(max(b, 0.0), 1.0)


def _lab(rgb: Triple) -> Triple:
    """CIE Lab of linear RGB."""
    x, y, z = (_root(v / w) for v, w in zip(_times(_TO_XYZ, rgb), _WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(value: float) -> float:
    """The cube root, straight near zero."""
    return float(value ** (1 / 3)) if value > 216 / 24389 else value * 24389 / 27 / 116 + 16 / 116


def _times(matrix: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    """A matrix applied to a vector."""
    r, g, b = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return r, g, b
