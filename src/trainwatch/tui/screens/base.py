"""What all screens share: cells in place of widgets, and keys from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from trainwatch.model.snapshot import Command
from trainwatch.present.canvas import Canvas
from trainwatch.present.layout import Place
from trainwatch.tui.keys import Where, of
from trainwatch.tui.widgets.cells import Cells

if TYPE_CHECKING:
    from trainwatch.tui.watcher import Watcher


def bindings(where: Where) -> list[BindingType]:
    """The keys of a screen as Textual wants them."""
    return [Binding(key.name, key.action, key.help, show=False) for key in of(where)]


class Page(Screen[None]):
    """A full screen. `refresh_page` is called twice a second at most, when there is something new."""

    @property
    def watcher(self) -> Watcher:
        """The app, by its own type."""
        return cast("Watcher", self.app)

    def on_key(self, event: events.Key) -> None:  # noqa: ARG002  screens that type need it
        """Any key has read what was said."""
        self.watcher.hush()

    def refresh_page(self) -> None:
        """Draw what is new."""
        raise NotImplementedError

    def restyle(self) -> None:
        """The theme has changed."""
        for cells in self.query(Cells):
            cells.restyle(self.watcher.styles_of)


class Dialog(ModalScreen[Command | None]):
    """Cells in the middle of the screen below. Gives a command to send, or None."""

    DEFAULT_CSS = "Dialog { background: transparent; }"

    @property
    def watcher(self) -> Watcher:
        """The app, by its own type."""
        return cast("Watcher", self.app)

    def compose(self) -> list[Cells]:
        """One widget."""
        return [Cells(self.watcher.styles_of, name="dialog")]

    def on_mount(self, event: events.Mount) -> None:  # noqa: ARG002  a dialog may want its time
        """Draw for the first time."""
        self.draw()

    def on_resize(self) -> None:
        """Stay in the middle."""
        self.draw()

    def draw(self) -> None:
        """Put what `paint` says in the middle, cut where the screen is smaller."""
        canvas = self.paint()
        width, height = min(canvas.width, self.size.width), min(canvas.height, self.size.height)
        cells = self.query_one(Cells)
        cells.put(Place("dialog", (self.size.width - width) // 2, (self.size.height - height) // 2, width, height))
        shown = Canvas(width, height)
        shown.stamp(canvas, 0, 0)
        cells.show(shown)

    def paint(self) -> Canvas:
        """What the dialog shows now."""
        raise NotImplementedError

    def answer(self, command: Command | None) -> None:
        """Close with this command, or None. A key that was typed before the dialog had gone answers nothing more."""
        if self.is_active:
            self.dismiss(command)
