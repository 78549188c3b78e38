"""Everything the report says, derived from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from trainwatch.model.snapshot import Snapshot
from trainwatch.model.verdict import Event, RuleStatus
from trainwatch.report.advice import Advice, Way, advice, ways
from trainwatch.report.components import Components, components
from trainwatch.report.cost import Cost, Counterfactual, Waste, cost, counterfactuals, waste
from trainwatch.report.disk import OnDisk, assess
from trainwatch.report.findings import Finding, findings
from trainwatch.report.gradient import Gradient, gradient
from trainwatch.report.patience import Patience, patiences
from trainwatch.report.schedule import LearningRate, learning_rate
from trainwatch.report.stretch import Stretch, stretches
from trainwatch.report.wide import blind, loudest, pending, raised_by_all, unconfirmed


@dataclass(frozen=True, slots=True)
class Report:
    """A snapshot and what follows from it. Equal snapshots give equal reports.

    `loudest` is the worst that only a rule outside the run's own preset raised, None when none did.
    `pending` are the rules that had too little to judge by. `waste` is None when nothing came after the best evaluation.
    """

    snapshot: Snapshot
    disk: tuple[OnDisk, ...]
    lr: LearningRate
    cost: Cost
    counterfactuals: tuple[Counterfactual, ...]
    findings: tuple[Finding, ...]
    blind: tuple[RuleStatus, ...]
    pending: tuple[RuleStatus, ...]
    stretches: tuple[Stretch, ...]
    gradient: Gradient | None
    components: Components | None
    waste: Waste | None
    patience: tuple[Patience, ...]
    loudest: Event | None
    advice: tuple[Advice, ...]
    ways: tuple[Way, ...]
    caveats: tuple[str, ...]


def compose(snapshot: Snapshot, wide: Snapshot | None = None) -> Report:
    """The report of a snapshot. What a run that was stopped died of is the stop, not the signal that its log names.

    `wide` is the same run judged by every rule there is: what only those raise stands among the findings, never among the events.
    """
    if snapshot.state == "stopped":
        snapshot = replace(snapshot, failure=None)
    disk = assess(snapshot)
    lr = learning_rate(snapshot)
    spent = cost(snapshot)
    raised = (*raised_by_all(snapshot, wide), *unconfirmed(snapshot, wide))
    found = (*_beside(findings(snapshot, disk, lr, spent), raised), *raised)
    return Report(
        snapshot=snapshot,
        disk=disk,
        lr=lr,
        cost=spent,
        counterfactuals=counterfactuals(snapshot, spent, disk),
        findings=found,
        blind=blind(snapshot, wide),
        pending=pending(snapshot, wide),
        stretches=stretches(snapshot, spent),
        gradient=gradient(snapshot),
        components=components(snapshot),
        waste=waste(snapshot, spent),
        patience=patiences(snapshot),
        loudest=loudest(snapshot, wide),
        advice=advice(snapshot, found),
        ways=ways(snapshot, disk, spent),
        caveats=_caveats(snapshot, disk),
    )


def _beside(own: tuple[Finding, ...], raised: tuple[Finding, ...]) -> Iterator[Finding]:
    """The findings that no rule has made as well, and better."""
    known = {finding.finding for finding in raised}
    if "loss_definition_mismatch" in known:
        known.add("gap_from_the_start")
    yield from (finding for finding in own if finding.finding not in known)


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
    if any(c.step is None and c.complete is not False for c in disk):
        out.append("The step of a checkpoint is not known: it may hold the best evaluation.")
    if snapshot.preview:
        out.append("Only a part of the log has been read.")
    return tuple(out)
