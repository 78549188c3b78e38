"""The best evaluation against what is on disk."""

from __future__ import annotations

from trainwatch.model.snapshot import Best, Snapshot
from trainwatch.present.numbers import number, percent
from trainwatch.report.compose import Report
from trainwatch.report.disk import OnDisk, is_better
from trainwatch.report.parts import Code, Part, bullets, table
from trainwatch.report.stretch import phase_at
from trainwatch.report.words import integer, plural, position

_STATE = {True: "complete", False: "not complete", None: "not looked at"}
CLOSE = 0.02
"""Evaluations this near to the best, as a share of it, are named beside it."""


def checkpoints(report: Report) -> list[Part]:
    """Where the best is, then every checkpoint with the evaluation at its step and what that makes of it."""
    rows = [
        (Code(c.path), integer(c.step), number(c.value), _STATE[c.complete], assessment(c, report.snapshot), c.why) for c in report.disk
    ]
    best = report.snapshot.best
    titles = ("checkpoint", "step", best.metric if best else "evaluation", "state", "assessment", "how it is known")
    return [*bullets(_best(report.snapshot)), *table(titles, rows)]


def _best(snapshot: Snapshot) -> list[str]:
    """The best evaluation, and how sharply it is known."""
    best = snapshot.best
    if best is None:
        return []
    lines = [f"Best {best.metric}: {number(best.value)} at {position(best.step, best.epoch)}."]
    if len(snapshot.evaluations) == 1:
        return [*lines, "It is the only evaluation: how the metric changes is not known."]
    near = [
        e
        for e in snapshot.evaluations
        if e.step != best.step and distance(e.value, best) is not None and abs(distance(e.value, best) or 0) <= CLOSE
    ]
    if near:
        names = ", ".join(f"{number(e.value)} at step {integer(e.step)}" for e in near[:3])
        more = f" and {plural(len(near) - 3, 'other')}" if len(near) > 3 else ""
        lines.append(f"Within {percent(CLOSE)} of it: {names}{more}; which of these is the best is not certain.")
    return lines


def distance(value: float, best: Best) -> float | None:
    """How much worse than the best a value is, as a share of it; None when the best is 0 or the value is not finite."""
    if not best.value or value - value != 0:
        return None
    worse = value - best.value if best.direction == "min" else best.value - value
    return worse / abs(best.value)


def assessment(checkpoint: OnDisk, snapshot: Snapshot) -> str:
    """What a checkpoint is worth, by the evaluation of its step."""
    best = snapshot.best
    if checkpoint.complete is False:
        return "torn: not to be used"
    if checkpoint.step is None:
        return "its step is not known"
    if best is None or checkpoint.value is None:
        return "no evaluation was made at its step"
    if checkpoint.step == best.step or is_better(checkpoint.value, best.value, best):
        return "holds the best evaluation"
    worse = distance(checkpoint.value, best)
    if worse is None:
        return ""
    times = f", {checkpoint.value / best.value:.2f} times the best" if best.direction == "min" and checkpoint.value > best.value > 0 else ""
    where = "past the best" if best.step is not None and checkpoint.step > best.step else "before the best"
    phase = phase_at(snapshot, checkpoint.step)
    return f"{percent(worse)} worse than the best{times}; {where}" + (f", in the phase {phase}" if phase else "")
