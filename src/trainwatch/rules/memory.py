"""How much of the train loss is left, against the healthy part of the run."""

from __future__ import annotations

from trainwatch.rules.history import History, per_best
from trainwatch.rules.noise import median


@per_best
def healthy_train(history: History) -> float | None:
    """The median train loss up to the best evaluation; None when not known."""
    values = [p.train.value for p in history.points[: history.best + 1] if p.train is not None]
    return median(values) if values else None


@per_best
def healthy_gradient(history: History) -> float | None:
    """The median gradient norm up to the best evaluation; None when not known."""
    values = [p.gradient.value for p in history.points[: history.best + 1] if p.gradient is not None]
    return median(values) if values else None


def train_left(history: History) -> float | None:
    """The newest train loss over the healthy one; None when either is not known or not positive."""
    reference, now = healthy_train(history), history.now.train
    return now.value / reference if now is not None and reference is not None and reference > 0 <= now.value else None
