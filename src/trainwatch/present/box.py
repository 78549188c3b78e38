"""A frame with a title, for dialogs."""

from __future__ import annotations

from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.width import cut


def boxed(title: str, inside: Canvas, look: Look, role: str = "text.strong") -> Canvas:
    """The canvas with a frame around it, two columns and two rows larger."""
    line, side, *corners = list(look.box)
    out = Canvas(inside.width + 4, inside.height + 2)
    bar = line * (out.width - 2)
    out.put(0, 0, f"{corners[0]}{bar}{corners[1]}", role)
    out.put(0, out.height - 1, f"{corners[2]}{bar}{corners[3]}", role)
    for y in range(1, out.height - 1):
        out.put(0, y, side, role)
        out.put(out.width - 1, y, side, role)
    out.stamp(inside, 2, 1)
    out.put(2, 0, f" {cut(title, out.width - 6, look.cut)} ", role)
    return out
