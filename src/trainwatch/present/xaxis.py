"""The x axis that all charts of a run share: its steps; in a run that prints none its records, told as epochs where it prints those."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, Note, PhaseSpan, Snapshot
from trainwatch.present import numbers
from trainwatch.present.scale import nice_ceiling, ticks, x_end
from trainwatch.present.sentences import ENDED

Unit = Literal["step", "epoch", "record"]


@dataclass(frozen=True, slots=True)
class XAxis:
    """From 0 to `end`; `now` is where the newest record stands. `unit` is what its labels count.

    Where it counts epochs, x is still the number of a record, and `epochs` holds the epoch of each. `evaluated` is where each evaluation
    stands where it counts records, as far as that is known.
    """

    unit: Unit
    end: float
    now: float
    epochs: Series = field(default_factory=Series)
    evaluated: tuple[float, ...] = ()

    def at(self, step: int | None, epoch: float | None) -> float | None:
        """Where something of that step and epoch stands; None when the axis cannot tell."""
        if self.unit == "step":
            return None if step is None else float(step)
        return self._of_epoch(epoch) if self.unit == "epoch" and epoch is not None else None

    def of_evaluation(self, number: int) -> float | None:
        """Where the evaluation of that 0-based number stands, None when that is not known; before the first one it is the beginning."""
        if number < 0:
            return 0.0
        return self.evaluated[number] if number < len(self.evaluated) else None

    def start(self, span: PhaseSpan) -> float:
        """Where a phase begins; the beginning of the run when that is not known."""
        at = self.at(span.step_start, span.epoch_start)
        if at is None and span.eval_start is not None:
            at = self.of_evaluation(span.eval_start - 1)
        return at or 0.0

    def labels(self, parts: int) -> list[tuple[float, str]]:
        """(x, text) of the round values on it, at most `parts` + 1 of them."""
        if self.unit != "epoch":
            return [(value, numbers.step(value)) for value in ticks(0, self.end, parts)]
        last = self.epochs.last or 0.0
        return [(self._of_epoch(value), numbers.number(value)) for value in ticks(0, last, parts)]

    @property
    def last_label(self) -> str:
        """What stands at its end; nothing in a run of which nobody knows how many records an epoch will have."""
        return "" if self.unit == "epoch" else numbers.step(self.end)

    def _of_epoch(self, epoch: float) -> float:
        """The last record of that epoch, for an evaluation comes at its end."""
        row = bisect_right(self.epochs.values, epoch) - 1
        return self.epochs.step_at(row) if row >= 0 else 0.0


def axis_of(snapshot: Snapshot) -> XAxis:
    """The axis for what was read so far. Its end rarely moves, see `scale.x_end`; where a run without a plan has ended, so does it."""
    xs = [series.step_at(len(series) - 1) for series in snapshot.series.values() if len(series)]
    step = snapshot.progress.step
    if step is not None:
        newest = max([*xs, float(step), 1.0])
        unplanned = snapshot.state in ENDED and not snapshot.progress.total_steps
        return XAxis("step", newest if unplanned else x_end(snapshot.progress, newest), float(step))
    now = max([*xs, 1.0])
    end = now if snapshot.state in ENDED else nice_ceiling(now * 1.05)
    if len(snapshot.epochs):
        return XAxis("epoch", end, now, snapshot.epochs)
    return XAxis("record", end, now, evaluated=_evaluated(snapshot))


def best_at(axis: XAxis, best: Best, snapshot: Snapshot) -> float | None:
    """Where the best evaluation stands; None when the axis cannot tell."""
    at = axis.at(best.step, best.epoch)
    if at is not None:
        return at
    found = (e.index for e in snapshot.evaluations if (e.value, e.step, e.epoch) == (best.value, best.step, best.epoch))
    return next((axis.of_evaluation(number) for number in found), None)


def note_at(axis: XAxis, note: Note) -> float | None:
    """Where a note stands; None when the axis cannot tell."""
    return axis.at(note.step, note.epoch) if axis.unit == "step" else float(note.records)


def _evaluated(snapshot: Snapshot) -> tuple[float, ...]:
    """Where each evaluation stands, from the curve of its metric; nothing where the curve holds more or fewer values."""
    series = snapshot.series.get(snapshot.evaluations[0].evidence.name) if snapshot.evaluations else None
    if series is None or len(series) != len(snapshot.evaluations):
        return ()
    return tuple(series.step_at(number) for number in range(len(series)))
