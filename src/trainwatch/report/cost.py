"""What a run cost, and what stopping earlier would have saved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Evaluation, Snapshot
from trainwatch.model.verdict import Event
from trainwatch.report.disk import OnDisk, best_on_disk, is_better
from trainwatch.report.words import place, whole


@dataclass(frozen=True, slots=True)
class Cost:
    """Hours of wall clock and of devices. None: not known. `assumption` says in words what the figures rest on."""

    hours: float | None
    gpus: int | None
    gpu_hours: float | None
    assumption: str


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What a stop at one fired level of a rule would have saved.

    `best_seen` is the best evaluation printed until then, `best_on_disk` the best whose checkpoint lay on disk then, `value_at_stop` the
    newest evaluation, which is what a checkpoint saved by the stop itself would hold. None: not known, or none.
    """

    rule: str
    severity: str
    step: int | None
    saved_hours: float | None
    saved_gpu_hours: float | None
    share: float | None
    best_seen: float | None
    best_on_disk: float | None
    value_at_stop: float | None
    assumption: str


@dataclass(frozen=True, slots=True)
class Waste:
    """What came after the best evaluation, at an even pace: known in hindsight only. `share` is of all steps; None: not known."""

    steps: int
    share: float
    hours: float | None
    gpu_hours: float | None


LATE = 2
"""A first distance more than this many times the second is a gap in the log."""

_CLOCKS = {
    "arrivals": "hours from the first to the last arrival of output",
    "timestamps": "hours from the first to the last timestamp in the log",
    "progress bar": "hours from the clock of the progress bars",
    "": "the log holds no clock, so hours are not known",
}


def cost(snapshot: Snapshot) -> Cost:
    """Hours from the log's own clock, devices from the configuration found."""
    seconds = snapshot.span.seconds
    hours = None if seconds is None else seconds / 3600
    gpus, where = _devices(snapshot)
    held = f"{gpus} devices held all the time ({where})" if gpus else f"{where}: state it with --fact gpus=N"
    total = hours * gpus if hours is not None and gpus else None
    return Cost(hours, gpus, total, f"{_CLOCKS[snapshot.span.how]}; {held}")


def _devices(snapshot: Snapshot) -> tuple[int | None, str]:
    """The number of devices, and which fact says so. Processes stand for devices, unless we looked and there is none."""
    none_seen = snapshot.sample is not None and not snapshot.sample.gpus
    for name in ("gpus",) if none_seen else ("gpus", "world_size"):
        fact = snapshot.facts.get(name)
        if fact is not None and whole(fact.value):
            return whole(fact.value), f"{name}, {place(fact.origin, fact.line)}"
    return None, "no device was seen" if none_seen else "the number of devices is not known"


def steps_covered(snapshot: Snapshot) -> tuple[int, int] | None:
    """(the step before the first one that the log covers, the last step); None when no step is known.

    A run that was resumed prints its first step late; the distance of its first records tells where it began, if it is a regular one.
    """
    last = snapshot.progress.step
    if not last:
        return None
    starts = (_start(series) for series in snapshot.series.values())
    first = math.floor(min((start for start in starts if start is not None), default=0.0))
    return (first, last) if first < last else None


def _start(series: Series) -> float | None:
    """One distance before the first value; None where the first distances differ, as in a log of which a part is missing."""
    if len(series) < 2:
        return None
    steps = [series.step_at(i) for i in range(min(len(series), 3))]
    distances = [b - a for a, b in pairwise(steps)]
    if distances[0] < 0 or distances[0] > LATE * distances[-1]:
        return None
    return max(steps[0] - distances[0], 0.0)


def waste(snapshot: Snapshot, spent: Cost) -> Waste | None:
    """The stretch from the best evaluation to the end; None when steps are not known or nothing came after it."""
    best, covered = snapshot.best, steps_covered(snapshot)
    if best is None or best.step is None or covered is None or covered[1] <= best.step or len(snapshot.evaluations) < 2:
        return None
    first, last = covered
    share = (last - best.step) / (last - first)
    hours = None if spent.hours is None else spent.hours * share
    return Waste(last - best.step, share, hours, None if spent.gpu_hours is None else spent.gpu_hours * share)


def counterfactuals(snapshot: Snapshot, spent: Cost, disk: tuple[OnDisk, ...]) -> tuple[Counterfactual, ...]:
    """One for each level that a stopping rule reached, in the order raised: a rule stops when one of its fired levels asks for it."""
    stopping = {e.rule for e in snapshot.events if e.verdict == "fired" and e.action == "stop"}
    seen: set[tuple[str, str]] = set()
    out: list[Counterfactual] = []
    for event in snapshot.events:
        key = (event.rule, event.severity.word)
        if event.rule in stopping and event.verdict == "fired" and key not in seen:
            seen.add(key)
            out.append(_counterfactual(event, snapshot, spent, disk))
    return tuple(out)


def _counterfactual(event: Event, snapshot: Snapshot, spent: Cost, disk: tuple[OnDisk, ...]) -> Counterfactual:
    """The counterfactual of one event."""
    share, assumption = _share_after(event, snapshot)
    hours = spent.hours * share if spent.hours is not None and share is not None else None
    gpu_hours = hours * spent.gpus if hours is not None and spent.gpus else None
    until = _evaluations_until(event, snapshot)
    kept = best_on_disk(disk, snapshot, event.step) if event.step is not None else None
    return Counterfactual(
        event.rule,
        event.severity.word,
        event.step,
        hours,
        gpu_hours,
        share,
        _best(until, snapshot),
        kept.value if kept is not None else None,
        until[-1].value if until else None,
        assumption,
    )


def _share_after(event: Event, snapshot: Snapshot) -> tuple[float | None, str]:
    """The share of the run that came after an event: by arrival times where there are any, else by steps at an even pace."""
    span, covered = snapshot.span, steps_covered(snapshot)
    if span.how == "arrivals" and span.seconds and math.isfinite(event.at):
        share = (span.end - event.at) / span.seconds
        return min(max(share, 0.0), 1.0), "arrival times; the time to save and to end is not counted"
    if event.step is None or covered is None:
        return None, "the step is not known"
    first, last = covered
    return min(max(0.0, (last - event.step) / (last - first)), 1.0), "even pace over steps; the time to save and to end is not counted"


def _evaluations_until(event: Event, snapshot: Snapshot) -> tuple[Evaluation, ...]:
    """The evaluations known when an event was raised."""
    if event.eval_index is None:
        return ()
    return tuple(e for e in snapshot.evaluations if e.index <= event.eval_index)


def _best(evaluations: tuple[Evaluation, ...], snapshot: Snapshot) -> float | None:
    """The best finite value of these evaluations; None when there is none or no direction is known."""
    best: float | None = None
    for evaluation in evaluations:
        if snapshot.best is not None and is_better(evaluation.value, best, snapshot.best):
            best = evaluation.value
    return best
