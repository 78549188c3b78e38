"""Every style of a theme on a word of its own."""

from __future__ import annotations

from trainwatch.model.verdict import severity_of
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.theme import GROUPS

_COLUMN = 16


def swatches(look: Look, width: int = 80) -> Canvas:
    """A row or more a group of roles; phases and severities with their glyphs."""
    across = max((width - 10) // _COLUMN, 1)
    rows = [(group, roles[i : i + across]) for group, roles in GROUPS.items() for i in range(0, len(roles), across)]
    canvas = Canvas(width, len(rows))
    before = ""
    for y, (group, roles) in enumerate(rows):
        canvas.put(0, y, group if group != before else "", "text.dim")
        before = group
        for i, role in enumerate(roles):
            canvas.put(10 + i * _COLUMN, y, _word(group, role, look), f"{group}.{role}")
    return canvas


def _word(group: str, role: str, look: Look) -> str:
    """The role, with the glyph that it has on the screen."""
    if group == "phase":
        fill = next(fill for phase, fill in look.phase_fill.items() if phase == role)
        return f"{fill} {role}"
    return f"{look.severity[severity_of(role)]} {role}" if group == "severity" else role
