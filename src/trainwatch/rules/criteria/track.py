"""The values of one criterion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from trainwatch.rules.condition import Condition
from trainwatch.rules.criteria.criterion import Criterion, Deadline
from trainwatch.rules.guard import planned_steps
from trainwatch.rules.history import History

KEPT = 400
"""Values kept for the projection; every second one goes when there are more."""

Axis = Literal["step", "epoch", ""]


@dataclass(frozen=True, slots=True)
class Mark:
    """A value that counted, and the limit that it was compared with."""

    value: float
    limit: float
    step: int | None
    epoch: float | None

    def at(self, axis: Axis) -> float | None:
        """Where it stands on an axis."""
        return self.step if axis == "step" else self.epoch if axis == "epoch" else None


class Track:
    """One criterion about a metric: the first value that kept it, the first that broke it, the newest."""

    def __init__(self, criterion: Criterion, condition: Condition) -> None:
        self.criterion = criterion
        self.condition = condition
        self.forget()

    def forget(self) -> None:
        """A run that begins anew has printed nothing yet."""
        self.kept: Mark | None = None
        self.broken: Mark | None = None
        self.newest: Mark | None = None
        self.points: list[Mark] = []
        self._stride, self._seen = 1, 0

    def go_back(self, step: float) -> None:
        """What stands behind the step of a resume is printed again."""
        self.points = [p for p in self.points if p.step is None or p.step < step]

    def add(self, value: float, step: int | None, epoch: float | None, limit: float) -> None:
        """A value was printed. One that is not finite keeps no condition."""
        self.newest = mark = Mark(value, limit, step, epoch)
        holds = math.isfinite(value) and self.condition.holds(value, limit)
        if holds:
            self.kept = self.kept or mark
        else:
            self.broken = self.broken or mark
        if self._seen % self._stride == 0:
            self.points.append(mark)
        self._seen += 1
        if len(self.points) > KEPT:
            del self.points[1::2]
            self._stride *= 2


def deadline_of(by: Deadline, history: History, epoch: float | None) -> tuple[Axis, float | None]:
    """The axis on which a deadline lies and where; None when nothing tells. `epoch` is that of a record, None when none is printed."""
    plan = history.plan
    if by.unit == "step":
        return "step", by.at
    total = planned_steps(history) if by.unit == "end" else None
    if total:
        return "step", total
    epochs = by.at if by.unit == "epoch" else plan.number("num_train_epochs")
    if epochs is None:
        return "", None
    per_epoch = plan.number("steps_per_epoch")
    if epoch is None and per_epoch:
        return "step", epochs * per_epoch
    return "epoch", epochs if epoch is not None else None
