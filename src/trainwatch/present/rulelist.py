"""Every rule and what it says now, the ones that fired first and the blind ones after them."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import RuleStatus
from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.width import cut, cut_middle

_ORDER = ("fired", "blind", "suppressed", "pending", "ok")


def rule_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """A rule a row: verdict as glyph and word, name, and for a blind one what it lacks."""
    canvas = Canvas(width, height)
    rules = sorted(snapshot.rules, key=_rank)
    blind = sum(r.verdict.outcome == "blind" for r in rules)
    title(canvas, "rules", [(f"{len(rules)}, {blind} blind", "text.dim")], [], look)
    for y, status in enumerate(rules[: height - 1], 1):
        _row(canvas, y, status, look)
    return canvas


def _rank(status: RuleStatus) -> tuple[int, int]:
    """Fired first, the worst of them before the others."""
    return _ORDER.index(status.verdict.outcome), -(status.verdict.severity or 0)


def _row(canvas: Canvas, y: int, status: RuleStatus, look: Look) -> None:
    """One rule."""
    verdict = status.verdict
    fired = verdict.severity if verdict.outcome == "fired" else None
    word = verdict.outcome if fired is None else f"{look.severity[fired]} {fired.word}"
    x = canvas.put(1, y, f"{word:<11}", "text.dim" if fired is None else f"severity.{fired.word}")
    x = canvas.put(x, y, cut_middle(look.text(clean(status.rule)), 18, look.cut), "text.plain" if fired else "text.dim")
    needs = f": {clean(status.needs)}" if verdict.outcome == "blind" and status.needs else ""
    canvas.put(x, y, cut(look.text(needs), canvas.width - x, look.cut), "text.dim")
