"""The learning rate that was configured, and the one that was printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trainwatch.model.facts import FactValue
from trainwatch.model.schedule import FittedSchedule
from trainwatch.model.snapshot import Snapshot

CONFIGURED = ("learning_rate", "lr_scheduler_type", "warmup_steps", "warmup_ratio")
TOLERANCE = 0.02
"""A first rate this far below the peak, as a share of it, is a warm-up."""


@dataclass(frozen=True, slots=True)
class LearningRate:
    """`configured` holds what the configuration says, empty when it says nothing. The printed values are None when none was printed.

    `fitted` is the schedule that describes what was printed, `mismatch` whether it is another one than configured; None: not known.
    `warmup_unexpected` says that the printed rate rises to its peak although no warm-up is configured.
    """

    configured: Mapping[str, FactValue]
    first: float | None
    peak: float | None
    peak_step: int | None
    last: float | None
    mismatch: bool | None
    fitted: FittedSchedule | None = None
    warmup_unexpected: bool = False


def learning_rate(snapshot: Snapshot) -> LearningRate:
    """First, highest and last printed learning rate beside the configuration."""
    configured = {name: snapshot.facts[name].value for name in CONFIGURED if name in snapshot.facts}
    series = snapshot.series.get("learning_rate")
    finite = [(value, i) for i, value in enumerate(series.values) if math.isfinite(value)] if series is not None else []
    if series is None or not finite:
        return LearningRate(configured, None, None, None, None, None)
    peak, index = max(finite, key=lambda pair: (pair[0], -pair[1]))
    last = finite[-1][0]
    first = finite[0][0]
    step = round(series.step_at(index))
    schedule = snapshot.schedule()
    fitted, mismatch = (schedule.fitted, schedule.mismatch) if schedule is not None else (None, None)
    return LearningRate(configured, first, peak, step, last, mismatch, fitted, _rises(configured, first, peak))


def _rises(configured: Mapping[str, FactValue], first: float, peak: float) -> bool:
    """Whether the rate rises to its peak and the configuration states warm-up steps or a ratio, and none above 0."""
    stated = [str(configured[name]) for name in ("warmup_steps", "warmup_ratio") if name in configured]
    return bool(stated) and all(text in ("0", "0.0") for text in stated) and first < peak * (1 - TOLERANCE)
