"""The sections of the report, in their order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trainwatch.report.compose import Report
from trainwatch.report.parts import Part, Section
from trainwatch.report.sections import advice, checkpoints, cost, criteria, end, flags, rates, run, timeline

_SECTIONS: tuple[tuple[str, Callable[[Report], Sequence[Part]]], ...] = (
    ("Run", run.run),
    ("Configuration found", run.configuration),
    ("Success criteria", criteria.criteria),
    ("Timeline", timeline.timeline),
    ("Phases", timeline.phases),
    ("Best evaluation and checkpoints", checkpoints.checkpoints),
    ("Learning rate", rates.learning_rate),
    ("Gradient", rates.gradient),
    ("Loss components", rates.components),
    ("Cost, and what stopping earlier would have saved", cost.cost),
    ("Flags, in the order raised", flags.flags),
    ("What ended the run", end.end),
    ("Findings", flags.findings),
    ("Not judged", flags.not_judged),
    ("Recommendations", advice.recommendations),
    ("How to go on", advice.ways),
    ("Caveats", end.caveats),
)


def sections(report: Report) -> list[Section]:
    """Every section that has something to say."""
    found = [Section(title, tuple(make(report))) for title, make in _SECTIONS]
    return [section for section in found if section.parts]
