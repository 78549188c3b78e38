"""Everything the report says, derived from one snapshot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import RuleStatus
from trainwatch.report.cost import Cost, Counterfactual, cost, counterfactuals
from trainwatch.report.disk import OnDisk, assess
from trainwatch.report.findings import Finding, findings
from trainwatch.report.schedule import LearningRate, learning_rate


@dataclass(frozen=True, slots=True)
class Report:
    """A snapshot and what follows from it. Equal snapshots give equal reports."""

    snapshot: Snapshot
    disk: tuple[OnDisk, ...]
    lr: LearningRate
    cost: Cost
    counterfactuals: tuple[Counterfactual, ...]
    findings: tuple[Finding, ...]
    blind: tuple[RuleStatus, ...]
    caveats: tuple[str, ...]


def compose(snapshot: Snapshot) -> Report:
    """The report of a snapshot. What a run that was stopped died of is the stop, not the signal that its log names."""
    if snapshot.state == "stopped":
        snapshot = replace(snapshot, failure=None)
    disk = assess(snapshot)
    lr = learning_rate(snapshot)
    spent = cost(snapshot)
    return Report(
        snapshot,
        disk,
        lr,
        spent,
        counterfactuals(snapshot, spent, disk),
        findings(snapshot, disk, lr, spent),
        tuple(r for r in snapshot.rules if r.verdict.outcome == "blind"),
        _caveats(snapshot, disk),
    )


def _caveats(snapshot: Snapshot, disk: tuple[OnDisk, ...]) -> tuple[str, ...]:
    """What a reader must know before trusting the rest."""
    out = list(snapshot.caveats)
    if not snapshot.records:
        out.append("No metric was found in the log.")
    elif not snapshot.evaluations:
        out.append("No evaluation was found: overfitting and the best checkpoint cannot be judged.")
    if snapshot.best is not None and snapshot.best.guessed:
        out.append(f"{snapshot.best.metric} is taken as the metric that decides: no configuration names one.")
    if len(snapshot.phases) > 1:
        out.append("A phase begins somewhere between two evaluations: its start is known to one evaluation.")
    if snapshot.evaluations and not disk:
        out.append("No checkpoint was seen and the log names none: what is on disk is not known.")
    if any(c.complete is None for c in disk):
        out.append("Checkpoints that only the log names were not looked at.")
    if snapshot.preview:
        out.append("Only a part of the log has been read.")
    return tuple(out)
