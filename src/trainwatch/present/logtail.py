"""The newest lines of the log."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.numbers import integer, size
from trainwatch.present.width import cut, cut_middle


def log_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """As many lines as fit; where only three rows or fewer are given, without a title."""
    canvas = Canvas(width, height)
    top = 1 if height > 3 else 0
    if top:
        source = clean(snapshot.run.main)
        name = cut_middle(look.text(source), max(width - 50, 10), look.cut)
        read = f"{integer(snapshot.records)} records, {size(snapshot.bytes_read)}"
        title(canvas, "log", [(name, "text.plain")], [(read, "text.dim"), (look.text(clean(" ".join(snapshot.formats))), "text.dim")], look)
    lines = [clean(line[: 8 * width]) for line in snapshot.tail[-4 * height :]]
    for y, line in enumerate([line for line in lines if line.strip()][-(height - top) :], top):
        canvas.put(0, y, cut(look.text(line), width, look.cut), "text.log")
    return canvas
