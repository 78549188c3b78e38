"""What was raised live, what only the whole run shows, and what could not be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainwatch.model.verdict import Event, Evidence, RuleStatus
from trainwatch.present.numbers import number
from trainwatch.report.compose import Report
from trainwatch.report.parts import Para, Part, bullets, table
from trainwatch.report.words import integer, place


def flags(report: Report) -> list[Part]:
    """One row an event, with its evidence."""
    rows = [(integer(e.step), number(e.epoch), _what(e), e.rule, e.why, _where(e)) for e in report.snapshot.events]
    return table(("step", "epoch", "severity", "rule", "why", "evidence"), rows)


def _what(event: Event) -> str:
    """Severity, or that it was withdrawn."""
    return event.severity.word if event.verdict == "fired" else f"{event.severity.word} withdrawn"


def _where(event: Event) -> str:
    """The printed values, and the line of the newest record."""
    values = ", ".join(_evidence(e) for e in event.evidence if e.name != event.kind)
    line = place(event.source, event.line)
    return f"{values} ({line})" if values else line


def _evidence(evidence: Evidence) -> str:
    """One value and its step."""
    at = f" at {evidence.step}" if evidence.step is not None else ""
    return f"{evidence.name} {number(evidence.value)}{at}"


def findings(report: Report) -> list[Part]:
    """What only the whole run shows."""
    return bullets(f.text for f in report.findings)


def not_judged(report: Report) -> list[Part]:
    """Rules without their input, then rules with too little of it, by reason."""
    if not report.snapshot.rules:
        return [Para("No rule was asked.")]
    blind = [f"Blind, {why}: {rules}" for why, rules in _by_reason(report.blind)]
    return bullets(blind + [f"Too little to judge by ({why}): {rules}" for why, rules in _by_reason(report.pending)])


def _by_reason(statuses: Iterable[RuleStatus]) -> Iterator[tuple[str, str]]:
    """Each reason with the names of its rules."""
    reasons: dict[str, list[str]] = {}
    for status in statuses:
        reasons.setdefault(status.verdict.why or f"needs {status.needs}", []).append(status.rule)
    return ((why, ", ".join(rules)) for why, rules in reasons.items())
