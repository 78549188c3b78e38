"""The stop dialog on the screen."""

from __future__ import annotations

from textual import events

from trainwatch.model.snapshot import Command, Snapshot
from trainwatch.present.canvas import Canvas
from trainwatch.present.stopdialog import stop_dialog
from trainwatch.tui.screens.base import Dialog
from trainwatch.tui.stop_form import StopForm

_DEAF = 0.5
"""Seconds after opening during which keys are dropped, as are all typed before: they were meant for something else."""


class StopDialog(Dialog):
    """Gives the command to send, or None. What is pasted is ignored: the confirmation must be typed."""

    def __init__(self, snapshot: Snapshot) -> None:
        """`snapshot` tells what a stop would mean."""
        super().__init__()
        self.snapshot = snapshot
        self.form = StopForm(snapshot.run.id)
        self.opened = float("inf")

    def paint(self) -> Canvas:
        """The form as it stands."""
        return stop_dialog(self.snapshot, self.form.typed, self.form.focus, self.form.hint, self.watcher.look)

    def on_mount(self, event: events.Mount) -> None:
        """Remember when it opened."""
        self.opened = event.time
        self.draw()

    def on_paste(self, event: events.Paste) -> None:
        """Not taken."""
        event.stop()

    def on_key(self, event: events.Key) -> None:
        """Give the key to the form."""
        event.stop()
        if event.time < self.opened + _DEAF:
            return
        answer = self.form.press(event.key, event.character)
        if answer == "open":
            self.draw()
        elif answer == "cancel":
            self.answer(None)
        else:
            confirm, unsaved = self.form.typed["id"], answer == "unsaved"
            self.answer(Command("stop", reason="asked for on the screen", confirm=confirm, unsaved=unsaved))
