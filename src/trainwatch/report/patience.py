"""Where plain early stopping would have ended a run, by its patience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainwatch.model.snapshot import Best, Evaluation, Snapshot
from trainwatch.report.cost import steps_covered
from trainwatch.report.disk import is_better

PATIENCES = (1, 2, 3, 5, 10)
"""Evaluations without an improvement that are waited for."""

FEWEST = 4
"""Evaluations from which on the table says anything."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Early stopping without a least improvement. `step` and `epoch` are None where it would not have ended the run.

    `best` is the best evaluation seen until then, `behind` how much worse it is than the best of the whole run, as a share (None: the best
    is 0); `saved` the share of the steps that came after.
    """

    patience: int
    step: int | None
    epoch: float | None
    best: float | None
    behind: float | None
    saved: float | None


def patiences(snapshot: Snapshot) -> tuple[Patience, ...]:
    """A row a patience; nothing when no patience would have ended the run, or where too little is known."""
    best = snapshot.best
    if best is None or len(snapshot.evaluations) < FEWEST:
        return ()
    rows = tuple(_row(patience, snapshot, best) for patience in PATIENCES if patience < len(snapshot.evaluations))
    return rows if any(row.best is not None for row in rows) else ()


def _row(patience: int, snapshot: Snapshot, best: Best) -> Patience:
    """What one patience would have done."""
    end, kept = _ended(patience, snapshot.evaluations, best)
    if end is None or kept is None:
        return Patience(patience, None, None, None, None, None)
    behind = abs(kept - best.value) / abs(best.value) if best.value else None
    covered = steps_covered(snapshot)
    saved = None if covered is None or end.step is None else max(covered[1] - end.step, 0) / (covered[1] - covered[0])
    return Patience(patience, end.step, end.epoch, kept, behind, saved)


def _ended(patience: int, evaluations: Sequence[Evaluation], best: Best) -> tuple[Evaluation | None, float | None]:
    """(the evaluation that would have ended the run, the best one by then)."""
    kept: float | None = None
    waited = 0
    for evaluation in evaluations:
        if is_better(evaluation.value, kept, best):
            kept, waited = evaluation.value, 0
        else:
            waited += 1
        if waited >= patience:
            return evaluation, kept
    return None, None
