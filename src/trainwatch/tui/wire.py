"""What goes to the terminal: exactly the stretches that changed.

Textual 8.2 sends a changed stretch from the left edge of its widget on (`ChopsUpdate`, where a note asks for the crop). On a row with
several stretches that is most of the bytes.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class Stretches(ChopsUpdate):
    """An update that moves the cursor to each stretch and writes no more than it."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> Stretches:
        """The same update, cropped."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The bytes, as text."""
        return "".join(
            Control.move_to(max(x, x1), y).segment.text + strip.crop(max(x1 - x, 0), min(end, x2) - x).render(console)
            for y, x1, x2 in self.spans
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False)
            if strip is not None and x < x2 and end > x1
        )
