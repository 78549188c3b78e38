"""A rectangle of cells: what every panel is drawn on, before any terminal is involved."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from trainwatch.present.clean import clean
from trainwatch.present.width import char_cells

PLAIN = "text.plain"
"""The role of a cell that nobody styled."""

_MERGE = 16
"""Changed stretches of a row that lie fewer cells apart are sent as one: moving the cursor and setting colours costs as much."""


class Canvas:
    """Characters and, per cell, the role that a theme turns into a style.

    A wide character stands in its first cell; its second holds the empty string.
    """

    __slots__ = ("chars", "height", "roles", "width")

    def __init__(self, width: int, height: int) -> None:
        """A blank canvas; a negative size is an empty one."""
        self.width, self.height = max(width, 0), max(height, 0)
        self.chars = [[" "] * self.width for _ in range(self.height)]
        self.roles = [[PLAIN] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, role: str = PLAIN) -> int:
        """Write text, clipped at the edges and without what could drive a terminal; returns the column after it."""
        if not 0 <= y < self.height:
            return x
        chars, roles = self.chars[y], self.roles[y]
        text = text if text.isprintable() else clean(text)
        for char in text:
            size = 1 if char < "\u0300" else char_cells(char)
            if size == 0:
                continue
            if x >= 0 and x + size <= self.width:
                chars[x], roles[x] = char, role
                if size == 2:
                    chars[x + 1], roles[x + 1] = "", role
            x += size
        return x

    def stamp(self, other: Canvas, x: int, y: int) -> None:
        """Lay another canvas over this one, clipped on the right and at the bottom."""
        width = min(other.width, self.width - x)
        for row in range(min(other.height, self.height - y)):
            self.chars[y + row][x : x + width] = other.chars[row][:width]
            self.roles[y + row][x : x + width] = other.roles[row][:width]

    def is_blank(self, x: int, y: int, width: int) -> bool:
        """Whether a stretch lies inside and nothing was drawn there."""
        inside = 0 <= y < self.height and x >= 0 and x + width <= self.width
        return inside and all(c == " " for c in self.chars[y][x : x + width])

    def lines(self) -> list[str]:
        """The rows as text, all of them `width` cells wide."""
        return ["".join(row) for row in self.chars]

    def runs(self, y: int, start: int = 0, stop: int | None = None) -> Iterator[tuple[str, str]]:
        """(text, role) of each stretch of one role in a row."""
        cells = zip(self.roles[y][start:stop], self.chars[y][start:stop], strict=True)
        for role, group in groupby(cells, key=lambda cell: cell[0]):
            yield "".join(char for _, char in group), role

    def changes(self, old: Canvas) -> Iterator[tuple[int, int, int]]:
        """(x, y, width) of each stretch that differs from a canvas of the same size; rows that are equal cost almost nothing."""
        for y in range(self.height):
            if self.chars[y] != old.chars[y] or self.roles[y] != old.roles[y]:
                yield from ((start, y, stop - start) for start, stop in self._stretches(old, y))

    def _stretches(self, old: Canvas, y: int) -> Iterator[tuple[int, int]]:
        """The changed stretches of one row, near ones merged."""
        pairs = zip(self.chars[y], old.chars[y], self.roles[y], old.roles[y], strict=True)
        changed = [x for x, (a, b, r, s) in enumerate(pairs) if a != b or r != s]
        start = end = changed[0]
        for x in changed[1:]:
            if x - end >= _MERGE:
                yield start, end + 1
                start = x
            end = x
        yield start, end + 1
