"""What may be tried, and how to go on."""

from __future__ import annotations

from trainwatch.report.compose import Report
from trainwatch.report.parts import Code, Para, Part, bullets, table


def recommendations(report: Report) -> list[Part]:
    """Hypotheses with their evidence, and what would test them."""
    rows = [(a.hypothesis, a.evidence, a.test) for a in report.advice]
    parts = table(("hypothesis", "evidence in this run", "what would test it"), rows)
    if parts:
        parts.append(
            Para("These are hypotheses: one run cannot tell which of its settings is the cause of what is seen. Change one at a time.")
        )
    return parts


def ways(report: Report) -> list[Part]:
    """The next steps, commands included."""
    return bullets((way.text, Code(way.command)) if way.command else way.text for way in report.ways)
