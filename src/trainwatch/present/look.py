"""The characters of the two looks: Unicode, and 7-bit ASCII as its complete equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trainwatch.model.snapshot import PhaseName
from trainwatch.model.verdict import Severity
from trainwatch.present.clean import to_ascii


@dataclass(frozen=True, slots=True)
class Look:
    """Every glyph that depends on what the terminal can show. Severities and phases differ by glyph in both looks.

    `phase_fill` is what a stretch of the phase strip is made of, `phase` the glyph beside the word. `points` draw the lines of a
    chart where there is no braille: train, eval, then all others. `bar` holds the full and the empty part of a bar.
    """

    ascii: bool
    severity: Mapping[Severity, str]
    phase: Mapping[PhaseName, str]
    phase_fill: Mapping[PhaseName, str]
    rule: str
    axis: str
    tick: str
    corner: str
    guide: str
    best: str
    bar: tuple[str, str]
    sparks: str
    points: str
    band: str
    live: str
    cut: str
    times: str
    box: str
    cursor: str

    def text(self, text: str) -> str:
        """Text from outside in the characters of this look."""
        return to_ascii(text) if self.ascii else text


UNICODE = Look(
    ascii=False,
    severity={Severity.YELLOW: "◆", Severity.ORANGE: "▲", Severity.RED: "■", Severity.BLACK: "✖"},
    phase={
        "warm-up": "○", "healthy": "●", "divergence": "◆", "severe": "▲", "memorised": "■", "dead": "✖", "unstable": "!", "plateau": "=",
        "unsure": "·", "improving": "▴", "flat": "≡", "collapsing": "▾",
    },
    phase_fill={
        "warm-up": "╌", "healthy": "━", "divergence": "≈", "severe": "╱", "memorised": "▒", "dead": "×", "unstable": "!", "plateau": "=",  # noqa: RUF001
        "unsure": "·", "improving": "▴", "flat": "┄", "collapsing": "▾",
    },
    rule="─", axis="│", tick="┤", corner="└", guide="┊", best="★", bar=("█", "░"), sparks="▁▂▃▄▅▆▇█", points="ox+*#@", band="·",
    live="●", cut="…", times="×", box="─│╭╮╰╯", cursor="▏",  # noqa: RUF001
)  # fmt: skip

ASCII = Look(
    ascii=True,
    severity={Severity.YELLOW: "!", Severity.ORANGE: "!!", Severity.RED: "!!!", Severity.BLACK: "XXX"},
    phase={
        "warm-up": "-", "healthy": "=", "divergence": "~", "severe": "/", "memorised": "#", "dead": "x", "unstable": "!", "plateau": "_",
        "unsure": ".", "improving": "^", "flat": ",", "collapsing": "v",
    },
    phase_fill={
        "warm-up": "-", "healthy": "=", "divergence": "~", "severe": "/", "memorised": "#", "dead": "x", "unstable": "!", "plateau": "_",
        "unsure": ".", "improving": "^", "flat": ",", "collapsing": "v",
    },
    rule="-", axis="|", tick="+", corner="+", guide=":", best="*", bar=("#", "."), sparks="_.-=^", points="ox+*#@", band=".",
    live="*", cut="~", times="x", box="-|++++", cursor="_",
)  # fmt: skip


def look(*, ascii: bool) -> Look:  # noqa: A002  the word of the option
    """The look of that name."""
    return ASCII if ascii else UNICODE
