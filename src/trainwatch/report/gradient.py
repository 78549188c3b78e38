"""The norm of the gradient over the run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from trainwatch.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Gradient:
    """`healthy` is the median from the first evaluation to the best one, without the warm-up before; None without evaluations.

    `ratio` is how many times smaller the last printed norm is than that; None when one of them is not known or 0.
    """

    first: float
    first_step: int
    highest: float
    highest_step: int
    healthy: float | None
    last: float
    last_step: int
    ratio: float | None
    nonfinite: int


def gradient(snapshot: Snapshot) -> Gradient | None:
    """First, highest, healthy and last; None when no norm was printed."""
    series = snapshot.series.get("grad_norm")
    finite = [(v, i) for i, v in enumerate(series.values) if math.isfinite(v)] if series is not None else []
    if series is None or not finite:
        return None
    step = [round(series.step_at(i)) for i in (finite[0][1], max(finite)[1], finite[-1][1])]
    steps = [e.step for e in snapshot.evaluations if e.step is not None]
    best = snapshot.best.step if snapshot.best is not None else None
    healthy = None
    if steps and best is not None:
        known = [v for v in series.values[series.index_at(steps[0]) : series.index_at(best + 0.5)] if math.isfinite(v)]
        healthy = median(known) if known else None
    last = finite[-1][0]
    ratio = healthy / last if healthy and last > 0 else None
    return Gradient(finite[0][0], step[0], max(finite)[0], step[1], healthy, last, step[2], ratio, len(series.nonfinite))
