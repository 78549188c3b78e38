"""A widget that shows a canvas and sends only the cells that changed."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from trainwatch.present.canvas import PLAIN, Canvas
from trainwatch.present.layout import Place


class Cells(Widget):
    """Cells drawn elsewhere. It stands where it is put and never scrolls."""

    DEFAULT_CSS = "Cells { position: absolute; }"

    can_focus = False

    def __init__(self, styles_of: Mapping[str, Style], name: str | None = None) -> None:
        """`styles_of` has a style for every role."""
        super().__init__(name=name)
        self.styles_of = styles_of
        self.canvas = Canvas(0, 0)
        self.sent = 0

    def put(self, place: Place) -> None:
        """Take a rectangle of the screen."""
        self.styles.offset = (place.x, place.y)
        self.styles.width, self.styles.height = place.width, place.height
        self.display = place.width > 0 and place.height > 0

    def show(self, canvas: Canvas) -> None:
        """Replace what is shown; refreshes changed stretches of rows, everything after a change of size, nothing when all is equal."""
        old, self.canvas = self.canvas, canvas
        if (old.width, old.height) != (canvas.width, canvas.height):
            self.refresh()
            return
        regions = [Region(x, y, width, 1) for x, y, width in canvas.changes(old)]
        if regions:
            self.sent += sum(region.width for region in regions)
            self.refresh(*regions)

    def restyle(self, styles_of: Mapping[str, Style]) -> None:
        """Change the theme."""
        self.styles_of = styles_of
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row; blank below the canvas."""
        width = self.size.width
        if y >= self.canvas.height:
            return Strip([Segment(" " * width, self.styles_of[PLAIN])], width)
        segments = [Segment(text, self.styles_of[role]) for text, role in self.canvas.runs(y)]
        return Strip(segments, self.canvas.width).adjust_cell_length(width, self.styles_of[PLAIN])
