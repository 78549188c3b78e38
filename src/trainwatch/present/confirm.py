"""A question that `y` answers."""

from __future__ import annotations

from trainwatch.present.box import boxed
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.width import wrap

_WIDTH = 56


def confirm_dialog(question: str, text: str, look: Look) -> Canvas:
    """The question as title, what it means below, and the two answers."""
    lines = wrap(look.text(clean(text)), _WIDTH, 4, look.cut)
    canvas = Canvas(_WIDTH, len(lines) + 2)
    for y, line in enumerate(lines):
        canvas.put(0, y, line)
    x = canvas.put(0, len(lines) + 1, "y", "text.key")
    x = canvas.put(x + 1, len(lines) + 1, "yes", "text.plain")
    canvas.put(x + 3, len(lines) + 1, "any other key: no", "text.dim")
    return boxed(look.text(clean(question)), canvas, look)
