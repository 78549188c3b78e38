"""The whole log, a page at a time."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.worker import get_current_worker

from trainwatch.present.keyline import key_line
from trainwatch.present.layout import Place
from trainwatch.present.logview import LogHeader, log_view
from trainwatch.tui.keys import footer
from trainwatch.tui.log_window import LogWindow
from trainwatch.tui.screens.base import Page, bindings
from trainwatch.tui.widgets.cells import Cells


class LogPage(Page):
    """A window over the main source.

    `term` is what is searched for; `typing` is the search as it is typed, None when it is not; `shift` are the columns left of the screen.
    """

    BINDINGS = bindings("log")

    def compose(self) -> ComposeResult:
        """The lines, and the key line."""
        self.window = LogWindow(self.watcher.feed)
        self.term = ""
        self.typing: str | None = None
        self.hits: list[int] = []
        self.shift = 0
        yield Cells(self.watcher.styles_of, name="lines")
        yield Cells(self.watcher.styles_of, name="keys")

    @property
    def rows(self) -> int:
        """Rows for lines."""
        return max(self.size.height - 2, 1)

    @property
    def _half(self) -> int:
        """Half a screen, in columns."""
        return max(self.size.width // 2, 1)

    @property
    def _furthest(self) -> int:
        """The shift that shows the end of the longest line, in halves of the screen."""
        longest = max(map(len, self.window.lines), default=0)
        return -(-max(longest - self.size.width, 0) // self._half) * self._half

    def on_resize(self) -> None:
        """Fill the screen."""
        lines, keys = self.query(Cells)
        lines.put(Place("lines", 0, 0, self.size.width, self.rows + 1))
        keys.put(Place("keys", 0, self.rows + 1, self.size.width, 1))
        self.refresh_page()

    def refresh_page(self) -> None:
        """Read the page again and show it."""
        self.window.read(self.rows)
        self.shift = min(self.shift, self._furthest)
        lines, keys = self.query(Cells)
        width, look, main = self.size.width, self.watcher.look, self.watcher.snapshot.run.main
        header = LogHeader(main, self.window.start, self.window.end is None, self.term, self.shift)
        lines.show(log_view(self.window.lines, width, self.rows + 1, look, header))
        message = self.watcher.message if self.typing is None else f"/{self.typing}{look.cursor}"
        keys.show(key_line(footer("log"), width, look, message))

    def on_key(self, event: events.Key) -> None:
        """While a search is typed, every key goes into it."""
        if self.typing is None:
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.typing = None
        elif event.key == "enter":
            self.term, self.typing = self.typing, None
            self.hits.clear()
            self.action_older()
        elif event.key == "backspace":
            self.typing = self.typing[:-1]
        elif event.is_printable and event.character:
            self.typing += event.character
        self.refresh_page()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002  the framework's signature
        """No key means anything else while a search is typed."""
        return self.typing is None

    def action_back(self) -> None:
        """Leave, once: a second key may come before the page has gone."""
        if self.is_active:
            self.dismiss()

    def action_search(self) -> None:
        """Begin to type a search."""
        self.typing = ""
        self.refresh_page()

    def action_older(self) -> None:
        """Search upwards from the last hit."""
        if self.term:
            self.watcher.say(f"searching for {self.term}; esc leaves")
            self.run_worker(self._search, thread=True, exclusive=True)

    def _search(self) -> None:
        """In a thread: a log may be large."""
        worker = get_current_worker()
        hit = self.window.search(self.term, self.hits[-1] if self.hits else None, lambda: worker.is_cancelled)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._found, hit)

    def _found(self, hit: int | None) -> None:
        """Show where it was found."""
        if hit is None:
            self.watcher.say(f"no line {'further up ' if self.hits else ''}holds {self.term}")
            return
        self.hits.append(hit)
        self._jump()

    def action_newer(self) -> None:
        """Back to the hit before."""
        if len(self.hits) > 1:
            self.hits.pop()
            self._jump()

    def _jump(self) -> None:
        """Show the last hit."""
        self.window.centre(self.hits[-1], self.rows)
        self.watcher.say("")

    def action_follow(self) -> None:
        """Follow the end."""
        self.window.follow()
        self.refresh_page()

    def action_first(self) -> None:
        """The first page."""
        self.window.first(self.rows)
        self.refresh_page()

    def _move(self, by: int) -> None:
        """Down by some lines, up for a negative number."""
        if by < 0:
            self.window.up(-by)
        else:
            self.window.down(by)
        self.refresh_page()

    def action_up(self) -> None:
        """One line up."""
        self._move(-1)

    def action_down(self) -> None:
        """One line down."""
        self._move(1)

    def action_left(self) -> None:
        """Half a screen to the left."""
        self.shift = max(self.shift - self._half, 0)
        self.refresh_page()

    def action_right(self) -> None:
        """Half a screen to the right, as long as a line goes on there."""
        self.shift += self._half
        self.refresh_page()

    def action_page_up(self) -> None:
        """One page up."""
        self._move(-self.rows)

    def action_page_down(self) -> None:
        """One page down."""
        self._move(self.rows)

    def action_help(self) -> None:
        """Show the keys."""
        from trainwatch.tui.screens.help import HelpDialog  # noqa: PLC0415  loaded when it is asked for

        self.app.push_screen(HelpDialog("log"))
