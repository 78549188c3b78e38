"""The first frame, printed before Textual is loaded: the picture that the screen then takes over."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.ansi import to_ansi
from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.present.theme import Theme

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?1049l\x1b[?25h"
"""To the alternate screen without a cursor, and back; either may be sent twice."""

_HOME = "\x1b[H\x1b[2J"
"""Clear the screen and begin at its upper left corner."""


def preframe(snapshot: Snapshot, width: int, height: int, theme: Theme, *, ascii: bool, colour: bool = True, notice: str = "") -> str:  # noqa: A002
    """The overview as a string for a terminal of that size. Keys are not live yet: the last row says so, or the notice."""
    canvas = Painter(look(ascii=ascii)).screen(snapshot, width, height, notice or "opening the screen ...")
    return _HOME + to_ansi(canvas, theme, colour=colour)
