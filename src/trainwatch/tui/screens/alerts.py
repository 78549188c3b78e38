"""Every alert in full."""

from __future__ import annotations

import sys

from textual.app import ComposeResult

from trainwatch.present.alertpage import alert_lines, alert_view
from trainwatch.present.keyline import key_line
from trainwatch.present.layout import Place
from trainwatch.present.page import scrolled
from trainwatch.tui.keys import footer
from trainwatch.tui.screens.base import Page, bindings
from trainwatch.tui.widgets.cells import Cells


class AlertPage(Page):
    """Rows that scroll. `top` is the first one shown."""

    BINDINGS = bindings("alerts")

    def compose(self) -> ComposeResult:
        """The rows, and the key line."""
        self.top = 0
        yield Cells(self.watcher.styles_of, name="alerts")
        yield Cells(self.watcher.styles_of, name="keys")

    @property
    def rows(self) -> int:
        """Rows below the title."""
        return max(self.size.height - 2, 1)

    def on_resize(self) -> None:
        """Fill the screen."""
        page, keys = self.query(Cells)
        page.put(Place("alerts", 0, 0, self.size.width, self.rows + 1))
        keys.put(Place("keys", 0, self.rows + 1, self.size.width, 1))
        self.refresh_page()

    def refresh_page(self) -> None:
        """Write all rows again, for they depend on the width, and show those that fit."""
        page, keys = self.query(Cells)
        width, look = self.size.width, self.watcher.look
        lines = alert_lines(self.watcher.snapshot, width, look)
        self.top = scrolled(self.top, len(lines), self.rows + 1)
        page.show(alert_view(lines, self.top, width, self.rows + 1, look))
        keys.show(key_line(footer("alerts"), width, look, self.watcher.message))

    def action_back(self) -> None:
        """Leave, once: a second key may come before the page has gone."""
        if self.is_active:
            self.dismiss()

    def _move(self, by: int) -> None:
        """Down by some rows, up for a negative number; not beyond the first or the last."""
        self.top += by
        self.refresh_page()

    def action_up(self) -> None:
        """One row up."""
        self._move(-1)

    def action_down(self) -> None:
        """One row down."""
        self._move(1)

    def action_page_up(self) -> None:
        """One page up."""
        self._move(-self.rows)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(self.rows)

    def action_first(self) -> None:
        """The first row."""
        self._move(-self.top)

    def action_last(self) -> None:
        """The last page."""
        self._move(sys.maxsize)

    def action_help(self) -> None:
        """Show the keys."""
        from trainwatch.tui.screens.help import HelpDialog  # noqa: PLC0415  loaded when it is asked for

        self.app.push_screen(HelpDialog("alerts"))
