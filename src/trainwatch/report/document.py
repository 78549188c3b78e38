"""The report as JSON: the contract with other programs. Keys are added, never renamed; what is not known is null."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from trainwatch.model.snapshot import Evaluation, Snapshot
from trainwatch.model.verdict import Event, Evidence
from trainwatch.present.sentences import state_of
from trainwatch.report.compose import Report
from trainwatch.report.stretch import Stretch
from trainwatch.report.strict import strict
from trainwatch.report.summary import sentences
from trainwatch.report.words import ended


def to_json(report: Report) -> str:
    """Strict JSON, two spaces deep, ending in a newline. A value that is not finite is the string "nan", "inf" or "-inf"."""
    return json.dumps(strict(document(report)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, object]:
    """The document, in the order of the contract; floats may still be NaN."""
    snapshot = report.snapshot
    return {
        "run": _run(snapshot),
        "summary": list(sentences(report)),
        "config": {name: asdict(fact) for name, fact in snapshot.facts.items()},
        "phases": [_phase(s) for s in report.stretches],
        "criteria": [asdict(c) for c in snapshot.criteria],
        "notes": [asdict(note) for note in snapshot.notes],
        "evaluations": [_evaluation(e) for e in snapshot.evaluations],
        "events": [_event(e) for e in snapshot.events],
        "findings": [asdict(f) for f in report.findings],
        "best": None if snapshot.best is None else asdict(snapshot.best),
        "checkpoints": [
            {"path": c.path, "step": c.step, "metric_value": c.value, "complete": c.complete, "why": c.why, "by": c.by} for c in report.disk
        ],
        "lr": _lr(report),
        "gradient": None if report.gradient is None else asdict(report.gradient),
        "components": None if report.components is None else asdict(report.components),
        "attempts": [attempt.figures() for attempt in snapshot.attempts],
        "heard": [asdict(heard) for heard in snapshot.heard],
        "cost": asdict(report.cost),
        "waste": None if report.waste is None else asdict(report.waste),
        "patience": [asdict(p) for p in report.patience],
        "counterfactuals": [asdict(c) for c in report.counterfactuals],
        "failure": None if snapshot.failure is None else asdict(snapshot.failure),
        "blind": [{"rule": r.rule, "needs": r.needs or None, "why": r.verdict.why} for r in report.blind],
        "pending": [{"rule": r.rule, "why": r.verdict.why} for r in report.pending],
        "recommendations": [asdict(a) for a in report.advice],
        "ways": [asdict(w) for w in report.ways],
        "caveats": list(report.caveats),
    }


def _run(snapshot: Snapshot) -> dict[str, object]:
    """Who the run is, how far it came and what ended it."""
    run, progress = snapshot.run, snapshot.progress
    return {
        "id": run.id,
        "name": run.name,
        "sources": list(run.sources),
        "command": list(run.command),
        "host": run.host or None,
        "job_id": run.job_id or None,
        "may": run.may,
        "state": state_of(snapshot),
        "exit_code": snapshot.exit_code,
        "ended": ended(snapshot),
        "started_at": _known(run.started_at),
        "step": progress.step,
        "total_steps": progress.total_steps,
        "epoch": progress.epoch,
        "records": snapshot.records,
        "formats": list(snapshot.formats),
    }


def _phase(stretch: Stretch) -> dict[str, object]:
    """One phase with its figures."""
    figures = asdict(stretch)
    return {**figures.pop("span"), **figures}


def _known(seconds: float) -> float | None:
    """A time, None when not known."""
    return None if math.isnan(seconds) else seconds


def _evaluation(evaluation: Evaluation) -> dict[str, object]:
    """One row of the table of evaluations."""
    return {
        "index": evaluation.index,
        "step": evaluation.step,
        "epoch": evaluation.epoch,
        "value": evaluation.value,
        "train_loss": evaluation.train_loss,
        "values": dict(evaluation.values),
        "source": evaluation.evidence.source,
        "line": evaluation.evidence.line,
    }


def _event(event: Event) -> dict[str, object]:
    """One event, as it was raised."""
    return {
        "rule": event.rule,
        "kind": event.kind,
        "severity": event.severity.word,
        "verdict": event.verdict,
        "episode": event.episode,
        "step": event.step,
        "epoch": event.epoch,
        "eval_index": event.eval_index,
        "source": event.source,
        "attempt": event.attempt,
        "line": event.line,
        "at": _known(event.at),
        "evidence": [_evidence(e) for e in event.evidence],
        "why": event.why,
        "change": event.change,
        "action": event.action,
    }


def _evidence(evidence: Evidence) -> dict[str, object]:
    """One printed value and where it stands."""
    return asdict(evidence)


def _lr(report: Report) -> dict[str, object]:
    """The learning rate, configured and printed."""
    lr = report.lr
    printed = None if lr.peak is None else {"first": lr.first, "peak": lr.peak, "peak_step": lr.peak_step, "last": lr.last}
    return {
        "configured": dict(lr.configured) or None,
        "printed": printed,
        "fitted": None if lr.fitted is None else asdict(lr.fitted),
        "mismatch": lr.mismatch,
    }
