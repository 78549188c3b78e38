"""The last row: keys, or the answer to the last one pressed."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.width import cells, cut


def key_line(keys: Sequence[tuple[str, str]], width: int, look: Look, message: str = "") -> Canvas:
    """(key, what it does) side by side, as many as fit, none cut in half; a message takes their place."""
    canvas = Canvas(width, 1)
    if message:
        canvas.put(0, 0, cut(look.text(clean(message)), width, look.cut), "text.strong")
        return canvas
    x = 0
    for key, word in keys:
        if x + cells(key) + 1 + cells(word) > width:
            break
        x = canvas.put(x, 0, key, "text.key") + 1
        x = canvas.put(x, 0, look.text(word), "text.dim") + 2
    return canvas
