"""The app: follows a feed twice a second, holds the screens, and leaves without touching the job."""

from __future__ import annotations

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from trainwatch.model.snapshot import Command, Feed, Snapshot
from trainwatch.present import theme as themes
from trainwatch.present.look import look
from trainwatch.present.sentences import ENDED
from trainwatch.tui.screens.base import Page
from trainwatch.tui.screens.overview import OverviewPage
from trainwatch.tui.styles import rich_styles, textual_theme
from trainwatch.tui.wire import Stretches

_EVERY = 0.5
"""Seconds between looks at the newest snapshot: two frames a second at most, whatever arrives."""

_EXPLAIN = "ctrl+c closes only this screen, training goes on; again to close, X to stop"


class Watcher(App[None]):
    """A view of one run. It holds no state that matters: killing it changes nothing."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [  # noqa: RUF012  the framework's own form
        Binding("ctrl+c", "interrupt", show=False, priority=True, system=True),
        Binding("ctrl+q", "interrupt", show=False, priority=True, system=True),
    ]

    def __init__(self, feed: Feed, *, ascii: bool, colours: themes.Theme, close_after: float | None = None, notice: str = "") -> None:  # noqa: A002
        """`close_after` seconds after the run has ended the screen closes by itself; None waits for a key. `notice` is shown first."""
        super().__init__(ansi_color=True)
        self.feed = feed
        self.snapshot: Snapshot = feed.latest()
        self.look = look(ascii=ascii)
        self.colours = colours
        self.styles_of = rich_styles(self.colours)
        self.close_after = close_after
        self.message = notice
        self.looks = 0
        self._newest = self.snapshot
        self._interrupted = False
        self._ended = False
        self._take_theme()

    def get_default_screen(self) -> OverviewPage:
        """The overview lies below all others."""
        return OverviewPage()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Send only what changed, see `wire`."""
        super()._display(screen, Stretches.of(renderable) if type(renderable) is ChopsUpdate else renderable)

    def on_mount(self) -> None:
        """Begin to follow."""
        self._unsubscribe = self.feed.subscribe(self._tell)
        self._newest = self.feed.latest()  # what came before we were told of it, such as the end of the run
        self.set_interval(_EVERY, self._follow)
        self._notice_end()

    def on_unmount(self) -> None:
        """Stop listening."""
        self._unsubscribe()

    def _tell(self, snapshot: Snapshot) -> None:
        """Called from any thread: only keep it, the next look takes it."""
        self._newest = snapshot

    def _follow(self) -> None:
        """Show the newest snapshot if there is a newer one; `looks` counts how often that was asked."""
        self.looks += 1
        if self._newest is not self.snapshot:
            self.snapshot = self._newest
            self._notice_end()
            self._draw()

    def _draw(self) -> None:
        """Let every full screen draw what is new; dialogs stay as they are."""
        for screen in self.screen_stack:
            if isinstance(screen, Page) and screen.is_mounted:
                screen.refresh_page()

    def _notice_end(self) -> None:
        """When the run has ended, close later where that was asked for; the keys say how to leave."""
        if self._ended or self.snapshot.state not in ENDED:
            return
        self._ended = True
        if self.close_after is not None:
            self.message = f"the run has ended. q leaves this screen; it closes by itself in {self.close_after:.0f} s"
            self.set_timer(self.close_after, self.leave)

    def say(self, text: str) -> None:
        """Show a sentence in place of the keys, until the next key."""
        self.message = text
        self._draw()

    def ask(self, command: Command) -> None:
        """Ask the feed and show its answer."""
        self.say(self.feed.request(command))

    def leave(self) -> None:
        """Close the screen. Nothing is asked of the job."""
        self.exit()

    def action_interrupt(self) -> None:
        """The first time explain, the second time leave."""
        if self._interrupted:
            self.leave()
            return
        self._interrupted = True
        self.say(_EXPLAIN)

    def hush(self) -> None:
        """Take the sentence away: a key was pressed."""
        if self.message:
            self.say("")

    def next_theme(self) -> None:
        """The theme after this one, by name."""
        names = list(themes.available())
        after = names[(names.index(self.colours.name) + 1) % len(names)] if self.colours.name in names else names[0]
        self.colours = themes.load(after)
        self.styles_of = rich_styles(self.colours)
        self._take_theme()
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.restyle()
        self.say(f"theme {after}: {self.colours.about}")

    def _take_theme(self) -> None:
        """Tell Textual the colours behind everything."""
        theme = textual_theme(self.colours)
        self.register_theme(theme)
        self.theme = theme.name
