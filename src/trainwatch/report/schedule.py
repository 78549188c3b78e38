"""The learning rate that was configured, and the one that was printed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from trainwatch.model.facts import FactValue
from trainwatch.model.snapshot import Snapshot

CONFIGURED = ("learning_rate", "lr_scheduler_type", "warmup_steps", "warmup_ratio")
TOLERANCE = 0.02
"""A printed rate this far from a constant schedule, as a share of the peak, is another schedule."""


@dataclass(frozen=True, slots=True)
class LearningRate:
    """`configured` holds what the configuration says, empty when it says nothing. The printed values are None when none was printed.

    `mismatch` is True when the configuration says constant and the printed rate is not, None when that cannot be told.
    `warmup_unexpected` says that the printed rate rises to its peak although no warm-up is configured.
    """

    configured: Mapping[str, FactValue]
    first: float | None
    peak: float | None
    peak_step: int | None
    last: float | None
    mismatch: bool | None
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
    return LearningRate(configured, first, peak, step, last, _mismatch(configured, peak, last), _rises(configured, first, peak))


def _rises(configured: Mapping[str, FactValue], first: float, peak: float) -> bool:
    """Whether the rate rises to its peak and the configuration states warm-up steps or a ratio, and none above 0."""
    stated = [str(configured[name]) for name in ("warmup_steps", "warmup_ratio") if name in configured]
    return bool(stated) and all(text in ("0", "0.0") for text in stated) and first < peak * (1 - TOLERANCE)


def _mismatch(configured: Mapping[str, FactValue], peak: float, last: float) -> bool | None:
    """Whether a constant schedule was configured and the rate fell after its peak."""
    scheduler = str(configured.get("lr_scheduler_type", "")).lower().rpartition(".")[2]
    if scheduler not in ("constant", "constant_with_warmup") or peak <= 0:
        return None
    return last < peak * (1 - TOLERANCE)
