"""What rules find that the run's own preset does not hold."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import Event, RuleStatus
from trainwatch.report.findings import Finding
from trainwatch.report.words import position


def raised_by_all(snapshot: Snapshot, wide: Snapshot | None) -> tuple[Finding, ...]:
    """A finding for each rule that fired in the wide judgement and is not among the run's own, in the order first raised."""
    if wide is None:
        return ()
    own = {status.rule for status in snapshot.rules}
    events = [event for event in wide.events if event.rule not in own]
    order = {event.rule: i for i, event in reversed(list(enumerate(events)))}
    grouped = groupby(sorted(events, key=lambda e: order[e.rule]), key=attrgetter("rule"))
    return tuple(_finding(rule, list(group)) for rule, group in grouped)


def loudest(snapshot: Snapshot, wide: Snapshot | None) -> Event | None:
    """The worst that a rule outside the run's own preset raised and did not take back, the first of equals; None when there is none."""
    own = {status.rule for status in snapshot.rules}
    last = {event.rule: event for event in (wide.events if wide is not None else ()) if event.rule not in own}
    return max((event for event in last.values() if event.verdict == "fired"), key=attrgetter("severity"), default=None)


def _finding(rule: str, events: list[Event]) -> Finding:
    """The worst that a rule said, first of equals, and whether it took it back."""
    worst = max((e for e in events if e.verdict == "fired"), key=attrgetter("severity"), default=events[0])
    where = position(worst.step, worst.epoch)
    last = events[-1]
    back = f" Withdrawn at {position(last.step, last.epoch)}." if last.verdict == "withdrawn" else ""
    return Finding(rule, f"{rule} ({worst.severity.word}, {where}): {worst.why.rstrip('.')}.{back}", worst.step)


def unconfirmed(snapshot: Snapshot, wide: Snapshot | None) -> tuple[Finding, ...]:
    """What a rule saw last and would have wanted to see again: after the end there is no again."""
    return tuple(_seen_once(status) for status in _pending(snapshot, wide) if status.verdict.evidence)


def _seen_once(status: RuleStatus) -> Finding:
    """What was seen, marked as unconfirmed."""
    why = status.verdict.why.removesuffix("; to be confirmed").rstrip(".")
    return Finding(status.rule, f"{status.rule} (seen at the end and not confirmed): {why}.", status.verdict.evidence[0].step)


def pending(snapshot: Snapshot, wide: Snapshot | None) -> tuple[RuleStatus, ...]:
    """The rules that had too little to judge by: those of the run first."""
    return tuple(status for status in _pending(snapshot, wide) if not status.verdict.evidence)


def blind(snapshot: Snapshot, wide: Snapshot | None) -> tuple[RuleStatus, ...]:
    """The rules whose input is missing: those of the run first."""
    return tuple(status for status in _statuses(snapshot, wide) if status.verdict.outcome == "blind")


def _pending(snapshot: Snapshot, wide: Snapshot | None) -> tuple[RuleStatus, ...]:
    """Every rule that waits for more."""
    return tuple(status for status in _statuses(snapshot, wide) if status.verdict.outcome == "pending")


def _statuses(snapshot: Snapshot, wide: Snapshot | None) -> tuple[RuleStatus, ...]:
    """Every rule once, as the run's own preset has it where it has it."""
    own = {status.rule for status in snapshot.rules}
    more = () if wide is None else tuple(status for status in wide.rules if status.rule not in own)
    return (*snapshot.rules, *more)
