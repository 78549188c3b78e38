"""What happened in each phase."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.model.snapshot import PhaseSpan, Snapshot
from trainwatch.report.cost import Cost, steps_covered

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase with its figures. None: not known.

    `hours` and `share` are of the whole run at an even pace, so that they add up. `train` and `value` are the train loss (the median between
    evaluations; without any the printed one) and the metric that decides at the first and the last evaluation of the phase; `rate` likewise;
    `gradient` is the smallest and the largest norm.
    """

    span: PhaseSpan
    share: float | None
    hours: float | None
    train: Pair | None
    value: Pair | None
    rate: Pair | None
    gradient: Pair | None


def stretches(snapshot: Snapshot, spent: Cost) -> tuple[Stretch, ...]:
    """Every phase, in order."""
    return tuple(_stretch(span, snapshot, spent) for span in snapshot.phases)


def _stretch(span: PhaseSpan, snapshot: Snapshot, spent: Cost) -> Stretch:
    """One phase."""
    covered = steps_covered(snapshot)
    start, end = span.step_start, span.step_end if span.step_end is not None else snapshot.progress.step
    share = None
    if covered is not None and start is not None and end is not None:
        first, last = covered
        share = max(end - max(start, first), 0) / (last - first)
    inside = [e for e in snapshot.evaluations if e.step is not None and start is not None and end is not None and start <= e.step <= end]
    return Stretch(
        span,
        share,
        spent.hours * share if spent.hours is not None and share is not None else None,
        _ends([e.train_loss for e in inside]) or _ends(_between(snapshot, "loss", start, end)),
        _ends([e.value for e in inside]),
        _ends(_between(snapshot, "learning_rate", start, end)),
        _range(_between(snapshot, "grad_norm", start, end)),
    )


def _ends(values: Sequence[float | None]) -> Pair | None:
    """The first and last finite value."""
    known = [v for v in values if v is not None and math.isfinite(v)]
    return (known[0], known[-1]) if known else None


def _range(values: Sequence[float]) -> Pair | None:
    """The smallest and largest finite value."""
    known = [v for v in values if math.isfinite(v)]
    return (min(known), max(known)) if known else None


def _between(snapshot: Snapshot, name: str, start: int | None, end: int | None) -> Sequence[float]:
    """The values of a metric from one step to another, both included."""
    series = snapshot.series.get(name)
    if series is None or start is None or end is None:
        return ()
    return series.values[series.index_at(start) : series.index_at(end + 0.5)]


def phase_at(snapshot: Snapshot, step: int | None) -> str:
    """The phase that held at a step; the earlier one where two meet. Empty when none is known."""
    if step is None:
        return ""
    for span in snapshot.phases:
        if (span.step_start or 0) <= step and (span.step_end is None or step <= span.step_end):
            return span.phase
    return ""
