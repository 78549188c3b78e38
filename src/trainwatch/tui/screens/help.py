"""The help page."""

from __future__ import annotations

from textual import events

from trainwatch.present.canvas import Canvas
from trainwatch.present.helppage import help_page
from trainwatch.tui.keys import Where, help_rows
from trainwatch.tui.screens.base import Dialog


class HelpDialog(Dialog):
    """The keys of a screen and the meaning of the glyphs, over the whole screen; any key closes it."""

    def __init__(self, where: Where) -> None:
        """`where` is the screen that asks."""
        super().__init__()
        self.where: Where = where

    def paint(self) -> Canvas:
        """The page."""
        return help_page(help_rows(self.where), self.size.width, self.size.height, self.watcher.look)

    def on_key(self, event: events.Key) -> None:
        """Close."""
        event.stop()
        self.answer(None)
