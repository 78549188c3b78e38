"""A question that only `y` answers with yes."""

from __future__ import annotations

from textual import events

from trainwatch.model.snapshot import Command
from trainwatch.present.canvas import Canvas
from trainwatch.present.confirm import confirm_dialog
from trainwatch.tui.screens.base import Dialog


class ConfirmDialog(Dialog):
    """Gives its command for `y`, None for any other key."""

    def __init__(self, question: str, text: str, command: Command) -> None:
        """`text` says what yes would do."""
        super().__init__()
        self.question, self.text, self.command = question, text, command

    def paint(self) -> Canvas:
        """The question."""
        return confirm_dialog(self.question, self.text, self.watcher.look)

    def on_key(self, event: events.Key) -> None:
        """Every key answers."""
        event.stop()
        self.answer(self.command if event.key == "y" else None)
