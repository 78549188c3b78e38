"""How many steps a run has, in the unit in which it prints them."""

from __future__ import annotations

TOLERANCE = 0.01
"""How far the batches of a run may be from its optimizer steps times the accumulation: the last batches of an epoch may fall away."""


def planned(counted: int | None, configured: float | None, accumulation: float | None) -> int | None:
    """The number of the last step; None when nothing tells.

    `counted` is the total of the run's own counter, `configured` the number of optimizer steps, `accumulation` how many batches make one.
    What is configured wins, except where the counter counts batches: then its total is that of the printed steps.
    """
    if configured is None:
        return counted
    if counted is not None and counts_batches(counted, configured, accumulation):
        return counted
    return int(configured)


def counts_batches(counted: float, configured: float, accumulation: float | None) -> bool:
    """Whether a total of that many steps is that of the batches behind `configured` optimizer steps."""
    if accumulation is None or accumulation < 2 or configured <= 0:
        return False
    return abs(counted / accumulation - configured) <= max(1.0, TOLERANCE * configured)
