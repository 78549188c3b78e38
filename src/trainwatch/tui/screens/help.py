"""The help page."""

from __future__ import annotations

from textual import events

from trainwatch.present.canvas import Canvas
from trainwatch.present.helppage import help_lines, help_view
from trainwatch.present.page import scrolled
from trainwatch.tui.keys import Where, help_rows
from trainwatch.tui.screens.base import Dialog

_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1}
_PAGES = {"pagedown": 1, "space": 1, "pageup": -1, "b": -1}


class HelpDialog(Dialog):
    """The keys of a screen and the meaning of the glyphs, over the whole screen; any key closes it that does not move it."""

    def __init__(self, where: Where) -> None:
        """`where` is the screen that asks."""
        super().__init__()
        self.where: Where = where
        self.top = 0

    def paint(self) -> Canvas:
        """The page."""
        width, height = self.size
        lines = help_lines(help_rows(self.where), width, self.watcher.look)
        self.top = scrolled(self.top, len(lines), height)
        self.fits = len(lines) < height
        return help_view(lines, self.top, width, height, self.watcher.look)

    def on_key(self, event: events.Key) -> None:
        """Move where there is more than fits, else close."""
        event.stop()
        by = _MOVES.get(event.key, 0) or _PAGES.get(event.key, 0) * max(self.size.height - 2, 1)
        if self.fits or not by:
            self.answer(None)
            return
        self.top += by
        self.draw()
