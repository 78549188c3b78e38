"""Every rule and what it says now, the ones that fired first, and success criteria after these."""

from __future__ import annotations

from trainwatch.model.criterion import CriterionState, CriterionStatus
from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import RuleStatus
from trainwatch.present.axes import title
from trainwatch.present.canvas import Canvas
from trainwatch.present.clean import clean
from trainwatch.present.look import Look
from trainwatch.present.width import cut, cut_middle

_ORDER = ("fired", "blind", "suppressed", "pending", "ok")
_ROLES: dict[CriterionState, str] = {
    "missed": "severity.orange",
    "off course": "severity.yellow",
    "met": "text.plain",
    "on course": "text.plain",
}


_NAME = 22
"""Cells for the name of a rule."""


def rule_panel(snapshot: Snapshot, width: int, height: int, look: Look) -> Canvas:
    """A rule or criterion a row: verdict as glyph and word, name, and for a blind rule what it lacks."""
    canvas = Canvas(width, height)
    rules = sorted(snapshot.rules, key=_rank)
    blind = sum(r.verdict.outcome == "blind" for r in rules)
    met = sum(c.state == "met" for c in snapshot.criteria)
    of = f", {met} of {len(snapshot.criteria)} criteria met" if snapshot.criteria else ""
    title(canvas, "rules", [(f"{len(rules)}, {blind} blind{of}", "text.dim")], [], look)
    fired = [r for r in rules if r.verdict.outcome == "fired"]
    rows: list[RuleStatus | CriterionStatus] = [*fired, *snapshot.criteria, *rules[len(fired) :]]
    for y, row in enumerate(rows[: height - 1], 1):
        if isinstance(row, CriterionStatus):
            _criterion(canvas, y, row, look)
        else:
            _row(canvas, y, row, look)
    return canvas


def _criterion(canvas: Canvas, y: int, status: CriterionStatus, look: Look) -> None:
    """One success criterion."""
    word = "not judged" if status.state == "cannot be judged" else status.state
    x = canvas.put(1, y, f"{word:<11}", _ROLES.get(status.state, "text.dim"))
    canvas.put(x, y, cut(look.text(clean(status.name)), canvas.width - x, look.cut), "text.plain")


def _rank(status: RuleStatus) -> tuple[int, int]:
    """Fired first, the worst of them before the others."""
    return _ORDER.index(status.verdict.outcome), -(status.verdict.severity or 0)


def _row(canvas: Canvas, y: int, status: RuleStatus, look: Look) -> None:
    """One rule."""
    verdict = status.verdict
    fired = verdict.severity if verdict.outcome == "fired" else None
    word = verdict.outcome if fired is None else f"{look.severity[fired]} {fired.word}"
    x = canvas.put(1, y, f"{word:<11}", "text.dim" if fired is None else f"severity.{fired.word}")
    x = canvas.put(x, y, cut_middle(look.text(clean(status.rule)), _NAME, look.cut), "text.plain" if fired else "text.dim")
    needs = f": {clean(status.needs)}" if verdict.outcome == "blind" and status.needs else ""
    canvas.put(x, y, cut(look.text(needs), canvas.width - x, look.cut), "text.dim")
