"""What a person must know first: how the run ended, where a stop stands, the worst alert, or that nothing fired and who is blind."""

from __future__ import annotations

from trainwatch.model.snapshot import Alert, Snapshot
from trainwatch.present.axes import Part
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.sentences import ENDED, alert_sentence, outcome_sentence, quiet_sentence, stop_sentence
from trainwatch.present.width import cells, wrap


def alert_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """The most important things, worst first; each begins with glyph and word in its colour, the last one fills the rows left."""
    canvas = Canvas(width, height)
    items = _items(snapshot, look)
    y = 0
    for i, (head, role, sentence) in enumerate(items[:height]):
        last = i + 1 == min(len(items), height)
        rows = height - y if last or (i == 0 and role != "state.stopping") else 1
        more = len(items) - i - 1 if y + rows >= height else 0
        y += _write(canvas, y, rows, head=(head, role), sentence=sentence, look=look, more=f"+{more} more" if more else "")
        if y >= height:
            break
    return canvas


def _write(canvas: Canvas, y: int, rows: int, *, head: Part, sentence: str, look: Look, more: str) -> int:
    """Write one item over at most `rows` rows, `more` at the end of its first; returns the rows used."""
    indent = cells(head[0]) + 2
    room = canvas.width - indent - (cells(more) + 2 if more else 0)
    lines = wrap(look.text(sentence), room, rows, look.cut) or [""]
    canvas.put(0, y, head[0], head[1])
    canvas.put(canvas.width - cells(more), y, more, "text.dim")
    for i, line in enumerate(lines):
        canvas.put(indent, y + i, line)
    return len(lines)


def _items(snapshot: Snapshot, look: Look) -> list[tuple[str, str, str]]:
    """(head, role, sentence) of everything to say."""
    items: list[tuple[str, str, str]] = []
    if snapshot.state in ENDED:
        items.append((f"{look.live} {snapshot.state}", f"state.{snapshot.state}", outcome_sentence(snapshot)))
    elif snapshot.stop.machine != "idle":
        items.append((f"{look.live} stop: {clean(snapshot.stop.machine)}", "state.stopping", stop_sentence(snapshot.stop)))
    items += [_alert(alert, look) for alert in snapshot.alerts]
    return items or [(look.phase["healthy"], "text.dim", quiet_sentence(snapshot.rules))]


def _alert(alert: Alert, look: Look) -> tuple[str, str, str]:
    """An alert with the glyph and word of its severity."""
    return f"{look.severity[alert.severity]} {alert.severity.word}", f"severity.{alert.severity.word}", alert_sentence(alert)
