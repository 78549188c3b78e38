"""How many steps a run has, in the unit in which it prints them."""

from __future__ import annotations

import math

TOLERANCE = 0.01
"""How far the batches of a run may be from its optimizer steps times the accumulation: the last batches of an epoch may fall away."""

BEYOND = 1.02
"""Steps beyond this share of the planned ones are counted in something else."""

EARLY = 0.1
"""Epochs, printed to hundredths, that must have passed for the steps in one to be told from them."""


def planned(counted: int | None, configured: float | None, accumulation: float | None, unit: float | None = None) -> int | None:
    """The number of the last step; None when nothing tells.

    `counted` is the total of the run's own counter, `configured` the number of optimizer steps, `accumulation` how many batches make one,
    `unit` how many printed steps. What is configured wins, except where the counter counts batches: then its total is that of the
    printed steps.
    """
    if configured is None:
        return counted
    if counted is not None and counts_batches(counted, configured, accumulation):
        return counted
    return int(configured * (unit or 1.0))


def a_step(
    step: float | None,
    epoch: float | None,
    *,
    total: float | None,
    accumulation: float | None,
    epochs: float | None,
    per_epoch: float | None,
) -> float | None:
    """How many printed steps make one optimizer step: 1, or `accumulation` where batches are printed; None when nothing tells.

    `step` and `epoch` are those of a record, `total` the planned optimizer steps, `epochs` the planned epochs, of `per_epoch` printed steps.
    """
    if accumulation is None or accumulation < 2 or not total:
        return 1.0
    if step is not None and step > BEYOND * total:
        return accumulation
    if step and epoch and epoch >= EARLY:
        per_epoch = step / epoch
    if not epochs or not per_epoch:
        return None
    return accumulation if per_epoch * epochs / total > math.sqrt(accumulation) else 1.0


def counts_batches(counted: float, configured: float, accumulation: float | None) -> bool:
    """Whether a total of that many steps is that of the batches behind `configured` optimizer steps."""
    if accumulation is None or accumulation < 2 or configured <= 0:
        return False
    return abs(counted / accumulation - configured) <= max(1.0, TOLERANCE * configured)
