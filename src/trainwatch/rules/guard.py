"""When the rules about generalisation may judge: cadence, warm-up, learning-rate jumps, another metric that disagrees."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from trainwatch.rules.history import History, per_point
from trainwatch.rules.metric import direction, is_loss, qualities
from trainwatch.rules.noise import median, noise

Cadence = Literal["sparse", "medium", "dense"]

EVALUATIONS: dict[Cadence, int] = {"sparse": 3, "medium": 5, "dense": 10}
"""Evaluations to be seen before generalisation is judged."""

WINDOW: dict[Cadence, int] = {"sparse": 3, "medium": 5, "dense": 10}
"""Evaluations for which nothing is judged after the learning rate jumped; the window in which a task metric may disagree."""


def planned_steps(history: History) -> float | None:
    """The steps of the whole run as it prints them: stated, else from the epochs planned and passed; None when nobody tells."""
    total = _printed(history, "total_steps")
    if total:
        return total
    epochs, now = history.plan.number("num_train_epochs"), history.points[-1] if history.points else None
    if epochs and now is not None and now.step and now.evaluation.epoch:
        return now.step * epochs / now.evaluation.epoch
    return None


def batches(history: History) -> str:
    """That printed steps are batches, for a sentence on how much of the run is over; empty where they are optimizer steps."""
    return history.plan.words(*_here(history))


def _printed(history: History, name: str) -> float | None:
    """A number of optimizer steps, in those that are printed; None when it is not known, or not what is printed."""
    return history.plan.steps(name, *_here(history))


def _here(history: History) -> tuple[float | None, float | None, str]:
    """Step and epoch of the newest evaluation, and the format that it stands in."""
    now, form = history.points[-1] if history.points else None, history.newest.format if history.newest is not None else ""
    return (None, None, form) if now is None else (now.step, now.evaluation.epoch, form)


@per_point
def expected_evaluations(history: History) -> float | None:
    """How many evaluations the whole run will have, those seen at least; None when nobody tells how long it is."""
    seen = float(len(history.points))
    total, every = planned_steps(history), spacing(history)
    if total and every:
        return max(total / every, seen)
    epochs, now = history.plan.number("num_train_epochs"), history.now.evaluation.epoch
    return max(seen * epochs / now, seen) if epochs and now else None


def spacing(history: History) -> float | None:
    """Steps from one evaluation to the next: as seen, else configured; None when not known."""
    steps = [p.step for p in history.points[-20:] if p.step is not None]
    gaps = [b - a for a, b in pairwise(steps) if b > a]
    if gaps:
        return median(gaps)
    return history.plan.number("eval_steps") or (float(steps[0]) if steps else None)


@per_point
def cadence(history: History) -> Cadence:
    """The class of the run: `sparse` below 30 evaluations expected, `medium` below 100, else `dense`.

    A run of unknown length is not called sparse: three evaluations without a better one are much of a short run, and nothing in a long one.
    """
    expected = expected_evaluations(history)
    if expected is None:
        return "medium" if len(history.points) < 100 else "dense"
    if expected < 30:
        return "sparse"
    return "medium" if expected < 100 else "dense"


@per_point
def not_yet(history: History) -> str:
    """Why it is too early to judge generalisation; empty when it is not."""
    seen, needed = len(history.points), EVALUATIONS[cadence(history)]
    if seen < needed:
        return f"{seen} of the {needed} evaluations needed"
    step, total = history.now.step, planned_steps(history)
    if step is not None and total and step < 0.02 * total:
        return "less than 2 % of the run is done"
    return "the learning rate is still warming up" if warming_up(history) else ""


def warming_up(history: History) -> bool:
    """Whether warm-up goes on: by its configured length, else while the learning rate has only risen."""
    step, length = history.now.step, _printed(history, "warmup_steps")
    if length and step is not None:
        return step < length
    first = next((p.rate for p in history.points if p.rate is not None), None)
    return not history.settled and first is not None and first != history.rate


@per_point
def suppressed(history: History) -> str:
    """Which other fact forbids judging generalisation; empty when none does."""
    if history.profile:
        return f"{history.profile}: the loss says nothing about progress"
    kind = cadence(history)
    jump = history.rate_jump
    if kind != "sparse" and jump is not None and history.now.evaluation.index - jump < WINDOW[kind]:
        return "the learning rate has just jumped"
    return ""


@per_point
def disagreeing(history: History) -> str:
    """A task metric that reached its best of late while the primary one, a guessed loss, got worse; empty when there is none."""
    if not history.guessed or history.since == 0:
        return ""
    window = WINDOW[cadence(history)]
    for name in qualities(history.now.evaluation.values):
        if name != history.metric and not is_loss(name) and _improved(history, name, window):
            return name
    return ""


def _improved(history: History, name: str, window: int) -> bool:
    """Whether a metric's best of the last `window` evaluations is better than all before by more than its noise."""
    sign = -1.0 if direction(name) == "max" else 1.0
    values = [sign * p.evaluation.values[name] for p in history.points if name in p.evaluation.values]
    if len(values) <= window:
        return False
    sigma = noise(values) or 0.0
    return min(values[-window:]) < min(values[:-window]) - sigma
