from __future__ import annotations

import math
from dataclasses import replace

import pytest

from trainwatch.present.colour import VISIONS, contrast, difference
from trainwatch.present.theme import Style, available, load
from trainwatch.present.themecheck import problems


def test_contrast_has_its_known_ends():
    """Black on white is 21, a colour on itself 1, and the order does not matter."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#56b4e9", "#56b4e9") == 1
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


def test_difference_has_its_known_ends():
    """Black and white are 100 apart to every eye."""
    for vision in VISIONS:
        assert difference("#000000", "#ffffff", vision) == pytest.approx(100, abs=0.1)
        assert difference("#e69f00", "#e69f00", vision) == 0


def test_red_and_green_come_close_for_some():
    """Pure red and green of like lightness lie far apart for most eyes and much nearer for red-green blindness."""
    normal, deutan = (difference("#d03030", "#508020", v) for v in ("normal", "deutan"))  # type: ignore[arg-type]
    assert deutan < normal / 2
    assert math.isfinite(deutan)


@pytest.mark.parametrize("name", available())
def test_themes_of_the_package_can_be_read(name: str):
    """Every theme passes its own check."""
    assert problems(load(name), name) == []


def test_a_poor_theme_is_told_why():
    """Faint text and colours that are alike are named with their roles."""
    dark = load("dark")
    styles = dict(dark.styles) | {"text.plain": Style(color="#303030"), "series.eval": dark.styles["series.train"]}
    found = {(m.key, m.text.split()[0]) for m in problems(replace(dark, styles=styles), "x")}
    assert {("text.plain", "contrast"), ("series.train", "too")} <= found
