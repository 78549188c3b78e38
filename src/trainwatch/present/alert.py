"""What a person must know first: how the run ended, where a stop stands, what is wrong with the watch, the worst alert, or who is blind."""

from __future__ import annotations

from trainwatch.model.snapshot import Alert, Snapshot
from trainwatch.model.verdict import Severity
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.sentences import ENDED, alert_sentence, outcome_sentence, quiet_sentence, state_of, stop_sentence
from trainwatch.present.width import wrap

Item = tuple[str, str, str]
"""(glyph and word, role, sentence)."""


def alert_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """The most important things, worst first, each with glyph and word in its colour; those that do not fit are counted.

    The first takes the rows it needs, except that a stop under way leaves one for what caused it, and a run that goes on one for what is
    wrong with the watch.
    """
    canvas = Canvas(width, height)
    items = _items(snapshot, look)
    room = width - (len(f"  +{len(items) - 1} more") if len(items) > 1 else 0)
    y = shown = 0
    while y < height and shown < len(items):
        rows = 1 if shown == 0 and len(items) > 1 and _leaves_room(snapshot) else height - y
        y += _write(canvas, y, items[shown], look, rows=rows, width=room)
        shown += 1
    more = f"+{len(items) - shown} more" if shown < len(items) else ""
    canvas.put(width - len(more), 0, more, "text.dim")
    return canvas


def _leaves_room(snapshot: Snapshot) -> bool:
    """Whether the second thing to say must be seen as well."""
    return snapshot.state not in ENDED and (snapshot.stop.machine != "idle" or bool(snapshot.caveats))


def _write(canvas: Canvas, y: int, item: Item, look: Look, *, rows: int, width: int) -> int:
    """Write one item over at most `rows` rows; returns how many it took."""
    head, role, sentence = item
    indent = canvas.put(0, y, head, role) + 2
    lines = wrap(look.text(sentence), width - indent, rows, look.cut) or [""]
    for i, line in enumerate(lines):
        canvas.put(indent, y + i, line)
    return len(lines)


def _items(snapshot: Snapshot, look: Look) -> list[Item]:
    """(head, role, sentence) of everything to say."""
    items: list[Item] = []
    if snapshot.state in ENDED:
        state = state_of(snapshot)
        items.append((f"{look.live} {state}", f"state.{state}", outcome_sentence(snapshot)))
    elif snapshot.stop.machine != "idle":
        goal = snapshot.stop.goal
        role = "state.saving" if goal == "save" else "state.stopping"
        items.append((f"{look.live} {goal}: {clean(snapshot.stop.machine)}", role, stop_sentence(snapshot.stop)))
    alerts = [_alert(alert, snapshot, look) for alert in snapshot.alerts]
    unread = "not judged yet: the history has not been read"
    quiet_text = unread if snapshot.preview else quiet_sentence(snapshot.rules)
    quiet = [] if items or alerts else [(look.phase["healthy"], "text.dim", quiet_text)]
    notes = [(f"{look.severity[Severity.YELLOW]} note", "severity.yellow", clean(caveat)) for caveat in snapshot.caveats]
    if snapshot.state in ENDED:
        return [*items, *alerts, *notes]
    return [*items, *alerts[:1], *notes, *alerts[1:], *quiet]


def _alert(alert: Alert, snapshot: Snapshot, look: Look) -> Item:
    """An alert with the glyph and word of its severity."""
    word = alert.severity.word
    return f"{look.severity[alert.severity]} {word}", f"severity.{word}", alert_sentence(alert, snapshot.events)
