from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from trainwatch.present.canvas import Canvas
from trainwatch.present.svg import CELL, to_svg
from trainwatch.present.theme import load

NAMESPACE = "{http://www.w3.org/2000/svg}"


def parts(text: str, role: str = "text.plain", theme: str = "dark") -> ET.Element:
    """The picture of one row."""
    canvas = Canvas(10, 1)
    canvas.put(0, 0, text, role)
    return ET.fromstring(to_svg(canvas, load(theme), "a <title>"))  # noqa: S314  our own picture


def test_text_is_escaped():
    """What looks like markup is text."""
    picture = parts("<b>&")
    assert [e.text for e in picture.iter(f"{NAMESPACE}text")] == ["<b>&"]
    assert [e.text for e in picture.iter(f"{NAMESPACE}title")] == ["a <title>"]


def test_braille_is_dots():
    """A braille cell is as many circles as it has dots, each inside its cell."""
    circles = list(parts("⣿⠁").iter(f"{NAMESPACE}circle"))
    assert len(circles) == 9
    assert all(0 < float(c.get("cx", "0")) < 2 * CELL[0] for c in circles)


@pytest.mark.parametrize("char", "─│┤└╭╮╰╯┊╌━\u2571")
def test_rules_are_lines(char: str):
    """Rules and frames need no font."""
    picture = parts(char)
    assert list(picture.iter(f"{NAMESPACE}path"))
    assert not list(picture.iter(f"{NAMESPACE}text"))


def test_reversed_cells_have_a_background():
    """A reversed style is a filled rectangle behind dark text."""
    assert len(list(parts("black", "severity.black", "default").iter(f"{NAMESPACE}rect"))) == 2
    assert len(list(parts("plain").iter(f"{NAMESPACE}rect"))) == 1


def test_wide_characters_keep_their_place():
    """Text after a wide character begins two cells further."""
    xs = [float(e.get("x", "0")) for e in parts("日a").iter(f"{NAMESPACE}text")]
    assert xs == [0, 2 * CELL[0]]
