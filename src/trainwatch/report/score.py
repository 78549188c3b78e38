"""How good the stop of a rule set would have been: on one history, and over many.

Measures as in the literature on early stopping (L. Prechelt, 1998): what is lost against the best evaluation of the run, and what is saved.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from trainwatch.model.snapshot import Snapshot
from trainwatch.report.cost import cost, steps_covered
from trainwatch.report.disk import is_better

MATTERS = 0.01
"""A stop before the best evaluation is false when more than this share of it was lost."""


@dataclass(frozen=True, slots=True)
class Score:
    """One history. Everything is None without an evaluation whose direction is known, and for a history that has no such figure.

    `regret` is what the best evaluation seen until the stop is worse than the best of the whole run, as a share: a checkpoint at each new
    best is assumed. `delay` counts evaluations from the best one seen to the stop, None without a stop. `saved` is the share of evaluations
    that were not made. `false_stop`: stopped before the best of the run, with a regret above 1 %.
    """

    stopped: bool
    optimal: bool | None = None
    regret: float | None = None
    delay: int | None = None
    saved: float | None = None
    saved_steps: int | None = None
    saved_gpu_hours: float | None = None
    false_stop: bool | None = None


def score(snapshot: Snapshot) -> Score:
    """The score of the first verdict that asks for a stop, as if every rule were allowed to."""
    stop = next((e for e in snapshot.events if e.verdict == "fired" and e.action == "stop"), None)
    values = [e.value for e in snapshot.evaluations]
    if snapshot.best is None or not values or (stop is not None and stop.eval_index is None):
        return Score(stop is not None)
    end = len(values) - 1 if stop is None or stop.eval_index is None else stop.eval_index
    best, seen = _best(values, snapshot), _best(values[: end + 1], snapshot)
    if best is None or seen is None:
        return Score(stop is not None)
    lost = abs(values[seen] - values[best])
    regret = lost / abs(values[best]) if values[best] else float(lost > 0)
    last = snapshot.progress.step
    steps = max(last - stop.step, 0) if stop is not None and stop.step is not None and last else None if stop is not None else 0
    spent, covered = cost(snapshot).gpu_hours, steps_covered(snapshot)
    return Score(
        stop is not None,
        seen == best,
        regret,
        end - seen if stop is not None else None,
        1 - (end + 1) / len(values),
        steps,
        spent * steps / (covered[1] - covered[0]) if spent is not None and steps is not None and covered is not None else None,
        stop is not None and end < best and regret > MATTERS,
    )


def _best(values: Sequence[float], snapshot: Snapshot) -> int | None:
    """The index of the best finite value, the first of equals."""
    found: int | None = None
    for i, value in enumerate(values):
        if snapshot.best is not None and math.isfinite(value) and is_better(value, None if found is None else values[found], snapshot.best):
            found = i
    return found


@dataclass(frozen=True, slots=True)
class Total:
    """Many histories. `judged` have evaluations; rates and means are over those. `delay` is the median over the stopped ones; None: no such."""

    files: int
    judged: int
    stopped: int
    optimal: float | None
    delay: float | None
    regret: float | None
    saved: float | None
    saved_steps: int
    saved_gpu_hours: float | None
    false_stops: int


def total(scores: Sequence[Score]) -> Total:
    """The scores of one rule set taken together."""
    judged = [s for s in scores if s.optimal is not None]
    delays = [s.delay for s in judged if s.delay is not None]
    hours = [s.saved_gpu_hours for s in judged if s.saved_gpu_hours is not None]
    return Total(
        len(scores),
        len(judged),
        sum(s.stopped for s in scores),
        _mean([float(bool(s.optimal)) for s in judged]),
        float(median(delays)) if delays else None,
        _mean([s.regret for s in judged if s.regret is not None]),
        _mean([s.saved for s in judged if s.saved is not None]),
        sum(s.saved_steps or 0 for s in judged),
        sum(hours) if hours else None,
        sum(bool(s.false_stop) for s in judged),
    )


def _mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return fmean(values) if values else None
