"""The first frame, printed before Textual is loaded: the picture that the screen then takes over."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.ansi import to_ansi
from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.present.theme import Theme

_HOME = "\x1b[H\x1b[2J"
"""Clear the screen and begin at its upper left corner."""


def preframe(snapshot: Snapshot, width: int, height: int, theme: Theme, *, ascii: bool, colour: bool = True) -> str:  # noqa: A002
    """The overview as a string for a terminal of that size. Keys are not live yet, and the last row says so."""
    canvas = Painter(look(ascii=ascii)).screen(snapshot, width, height, "opening the screen ...")
    return _HOME + to_ansi(canvas, theme, colour=colour)
