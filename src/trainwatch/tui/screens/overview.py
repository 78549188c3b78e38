"""The first screen."""

from __future__ import annotations

from textual.app import ComposeResult

from trainwatch.model.snapshot import Command
from trainwatch.present.gpus import devices
from trainwatch.present.layout import SMALL, Place, arrange
from trainwatch.present.overview import Painter
from trainwatch.present.sentences import ENDED
from trainwatch.tui.keys import footer
from trainwatch.tui.screens.alerts import AlertPage
from trainwatch.tui.screens.base import Page, bindings
from trainwatch.tui.screens.confirm import ConfirmDialog
from trainwatch.tui.screens.help import HelpDialog
from trainwatch.tui.screens.log import LogPage
from trainwatch.tui.screens.stop import StopDialog
from trainwatch.tui.widgets.cells import Cells

_PANELS = ("header", "phase", "alert", "chart", "metrics", "gpu", "rules", *SMALL, "log", "compact", "keys")

_LOG_EVERY = 4
"""Looks at the newest snapshot from one picture of the log to the next: each of its rows changes with every line, which is most of the bytes."""

_SAVE = "The job writes a checkpoint at its next step and goes on. This takes as long as its own saves do."


class OverviewPage(Page):
    """Every panel is a widget of its own, put where the layout says for this size."""

    BINDINGS = bindings("overview")

    def compose(self) -> ComposeResult:
        """A widget a panel, shown or not."""
        self.painter = Painter(self.watcher.look, footer("overview"))
        self.places: tuple[Place, ...] = ()
        self.log_shown = 0
        for name in _PANELS:
            yield Cells(self.watcher.styles_of, name=name)

    def on_resize(self) -> None:
        """Lay out anew."""
        self.refresh_page()

    def _arrange(self, places: tuple[Place, ...]) -> None:
        """Put every panel in its place."""
        self.places = places
        by_name = {place.panel: place for place in self.places}
        for cells in self.query(Cells):
            cells.put(by_name.get(cells.name or "", Place("", 0, 0, 0, 0)))

    def refresh_page(self) -> None:
        """Paint every panel that stands somewhere; only changed cells are sent."""
        wanted = arrange(self.size.width, self.size.height, devices(self.watcher.snapshot))
        late = "log" if wanted == self.places and not self._log_is_due() else ""
        if wanted != self.places:
            self._arrange(wanted)
        places = {place.panel: place for place in self.places}
        self.painter.keys = footer("overview", lambda op: not self.watcher.feed.refusal(op), ended=self.watcher.snapshot.state in ENDED)
        for cells in self.query(Cells):
            place = places.get(cells.name or "")
            if place is not None and cells.name != late:
                cells.show(self.painter.panel(place, self.watcher.snapshot, self.places, self.watcher.message))

    def _log_is_due(self) -> bool:
        """Whether the log is shown anew: a little later than the rest while it grows, at once when it has ended."""
        looks = self.watcher.looks
        if looks - self.log_shown < _LOG_EVERY and self.watcher.snapshot.state not in ENDED:
            return False
        self.log_shown = looks
        return True

    def action_detach(self) -> None:
        """Leave."""
        self.watcher.leave()

    def action_help(self) -> None:
        """Show the keys."""
        self.app.push_screen(HelpDialog("overview"))

    def action_alerts(self) -> None:
        """Open the alerts."""
        self.app.push_screen(AlertPage())

    def action_log(self) -> None:
        """Open the log."""
        self.app.push_screen(LogPage())

    def action_theme(self) -> None:
        """Take the next theme."""
        self.watcher.next_theme()

    def action_redraw(self) -> None:
        """Send everything again."""
        self.refresh(layout=True)

    def action_save(self) -> None:
        """Ask whether to save, then ask the feed."""
        if self._refused("save"):
            return
        command = Command("save", reason="asked for on the screen")
        self.app.push_screen(ConfirmDialog("Save a checkpoint now?", _SAVE, command), self._send)

    def action_cancel(self) -> None:
        """Cancel a stop: the harmless direction, so nothing is asked."""
        if not self._refused("cancel"):
            self.watcher.ask(Command("cancel", reason="asked for on the screen"))

    def action_stop(self) -> None:
        """Open the dialog; only a typed confirmation in it asks the feed."""
        if not self._refused("stop"):
            self.app.push_screen(StopDialog(self.watcher.snapshot), self._send)

    def _refused(self, op: str) -> bool:
        """Whether nothing can be asked of the job; says why."""
        refusal = self.watcher.feed.refusal(op)
        if refusal:
            self.watcher.say(refusal)
        return bool(refusal)

    def _send(self, command: Command | None) -> None:
        """Ask what a dialog gave."""
        if command is not None:
            self.watcher.ask(command)
