"""The way onto the screen: what the terminal can show, a first frame at once, then Textual."""

from __future__ import annotations

import sys

from trainwatch.model.errors import TrainwatchError
from trainwatch.model.snapshot import Feed
from trainwatch.present import theme as themes
from trainwatch.present.look import look
from trainwatch.present.overview import Painter
from trainwatch.present.preframe import ENTER, LEAVE, preframe
from trainwatch.present.sentences import detached_sentence
from trainwatch.tui import terminal


def run_screen(
    feed: Feed,
    *,
    ascii: bool | None = None,  # noqa: A002  the word of the option
    theme: str = "default",
    close_after: float | None = None,
) -> int:
    """Show a run until it is left; returns 0. Where there is no terminal for a screen, print one frame as text and why.

    `close_after` seconds after the run has ended the screen closes by itself; None waits for a key.
    Raises NotFoundError and DataFileError for a theme that is not there or has mistakes, TrainwatchError when the screen itself fails.
    """
    found = terminal.look(ascii=ascii)
    if found.mode == "plain":
        _print_once(feed, found)
        return 0
    colours = themes.load(theme)
    first = preframe(feed.latest(), *terminal.size(), colours, ascii=found.ascii, colour=found.colour, notice=found.why)
    print(ENTER + first, end="", file=sys.__stderr__, flush=True)
    try:
        code = _watch(feed, found, colours, close_after)
    finally:
        print(LEAVE, end="", file=sys.__stderr__, flush=True)
    if code:
        raise TrainwatchError("the screen failed, the text above says where; training goes on. Plain lines: trainwatch attach RUN --plain")
    print(detached_sentence(feed.latest()), file=sys.stderr)  # noqa: T201
    return 0


def _watch(feed: Feed, found: terminal.Terminal, colours: themes.Theme, close_after: float | None) -> int:
    """Load Textual and run the app; returns its code, 0 when it was left."""
    from trainwatch.tui.watcher import Watcher  # noqa: PLC0415  a third of a second, during which the first frame stands

    app = Watcher(feed, ascii=found.ascii, colours=colours, close_after=close_after, notice=found.why)
    app.run(mouse=False)
    return app.return_code or 0


def _print_once(feed: Feed, found: terminal.Terminal) -> None:
    """One frame as text."""
    print(f"trainwatch: {found.why}", file=sys.stderr)  # noqa: T201  narration
    frame = Painter(look(ascii=found.ascii)).screen(feed.latest(), 80, 23)
    print("\n".join(line.rstrip() for line in frame.lines()))  # noqa: T201  the data
