"""What the run was wanted for, and what came of it."""

from __future__ import annotations

from trainwatch.report.compose import Report
from trainwatch.report.parts import Part, table


def criteria(report: Report) -> list[Part]:
    """A row a criterion, projections with what they assume."""
    rows = [(c.name, c.target, c.state, f"{c.why} ({c.assumption})" if c.assumption else c.why) for c in report.snapshot.criteria]
    return table(("criterion", "wanted", "stands", "why"), rows)
