"""A window over a log of any size: holds one page, asks the feed for others."""

from __future__ import annotations

from collections.abc import Callable

from trainwatch.model.snapshot import Feed

_PAGE = 500
"""Lines a search looks at in one step."""

_GUESS = (4_096, 65_536, 1_048_576)
"""Bytes ahead in which the next lines are looked for, until enough of them are found."""


class LogWindow:
    """The lines that end at `end`, a byte offset; None follows the end of the log."""

    def __init__(self, feed: Feed) -> None:
        """At the end, following."""
        self.feed = feed
        self.end: int | None = None
        self.start = 0
        self.lines: tuple[str, ...] = ()

    def read(self, rows: int) -> None:
        """Fetch the page."""
        self.start, self.lines = self.feed.log(self.end, rows)

    def up(self, by: int) -> None:
        """Go up by some lines, no further than to where the first page is still full."""
        start, above = self.feed.log(self.start, by)
        if above and start < self.start:
            self.end, _ = self.feed.log(self.end, len(above))

    def down(self, by: int) -> None:
        """Go down by some lines; at the end, follow."""
        if self.end is None:
            return
        self.end = self._after(self.end, by)

    def first(self, rows: int) -> None:
        """Go to the first page."""
        self.end = self._after(0, rows)

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.end = None

    def _after(self, offset: int, count: int) -> int | None:
        """The offset `count` lines after one at which a line begins; None when the log ends before."""
        for guess in _GUESS:
            lines = self._between(offset, offset + guess)
            if lines > count:
                end, _ = self.feed.log(offset + guess, lines - count)
                return end
        return None

    def _between(self, start: int, stop: int) -> int:
        """How many whole lines begin at or after `start` and end at or before `stop`."""
        most = 1
        while self.feed.log(stop, most)[0] > start:
            most *= 2
        low, high = 0, most
        while low < high:
            middle = (low + high + 1) // 2
            if self.feed.log(stop, middle)[0] >= start and len(self.feed.log(stop, middle)[1]) == middle:
                low = middle
            else:
                high = middle - 1
        return low

    def centre(self, offset: int, rows: int) -> None:
        """Show the line that begins at an offset, in the middle where the log allows it."""
        self.end = self._after(offset, rows // 2)

    def search(self, term: str, before: int | None, stopped: Callable[[], bool]) -> int | None:
        """Where the nearest line before a byte offset (None: the end) begins that holds a text in any case; None when none does.

        `stopped` is asked between pages, so that a long search can be given up.
        """
        wanted = term.casefold()
        end = before
        while not stopped():
            start, lines = self.feed.log(end, _PAGE)
            for i in range(len(lines) - 1, -1, -1):
                if wanted in lines[i].casefold():
                    return self.feed.log(end, len(lines) - i)[0]
            if not lines or start in (0, end):
                return None
            end = start
        return None
