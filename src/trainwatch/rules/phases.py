"""The run in phases: warm-up, healthy, divergence, severe, memorised, dead; unstable, plateau, unsure."""

from __future__ import annotations

from itertools import groupby

from trainwatch.model.snapshot import PhaseName, PhaseSpan
from trainwatch.rules.figures import figure, percent
from trainwatch.rules.guard import cadence
from trainwatch.rules.history import History, Point
from trainwatch.rules.memory import healthy_gradient, healthy_train

LEAVING = 0.02
"""Above the best evaluation by less than this, a run of many evaluations has not left it."""

SEVERE = 0.10
"""Above the best evaluation by this much."""

MEMORISED = 0.03
"""Train loss left of the healthy one. Fitted to one run that a person labelled: read boundaries as plus or minus one evaluation."""

DEAD = 0.001
DEAD_GRADIENT = 0.1
DEAD_RATE = 0.01
"""Train loss and gradient norm left of the healthy ones; learning rate left of its peak where no gradient norm is printed."""

HOLD = 2
"""Evaluations that a state must last; the last one of the run may be provisional."""

Place = tuple[int | None, float | None]
"""(step, epoch); None for what is not known."""

ORDER: tuple[PhaseName, ...] = ("healthy", "divergence", "severe", "memorised", "dead")


class Phases:
    """Remembers at which evaluations a rule held that names a phase of its own."""

    def __init__(self) -> None:
        self._named: dict[int, PhaseName] = {}
        self._past: tuple[PhaseSpan, ...] = ()
        self._from: Place = (0, 0.0)

    def mark(self, history: History, named: list[PhaseName]) -> None:
        """A point was judged while rules claimed these phases; `unstable` goes before all."""
        if named:
            self._named[history.now.evaluation.index] = "unstable" if "unstable" in named else named[0]

    def begin_again(self, history: History) -> None:
        """What comes now is judged by itself; the phases so far stay what they are."""
        self._past = self.spans(history)
        if self._past:
            self._from = _end(history)

    def spans(self, history: History) -> tuple[PhaseSpan, ...]:
        """The phases so far."""
        if not history.points:
            return (*self._past, *_before_any(history, self._from))
        states = [self._state(history, i) for i in range(len(history.points))]
        _smooth(states)
        groups = [(name, [i for i, _ in group]) for name, group in groupby(enumerate(states), key=lambda x: x[1])]
        starts = [self._from if k == 0 else _where(history.points[members[0] - 1]) for k, (_, members) in enumerate(groups)]
        ends = [*starts[1:], _end(history)]
        spans = zip(groups, starts, ends, strict=True)
        return (*self._past, *(_span(history, name, members, start, end) for (name, members), start, end in spans))

    def _state(self, history: History, i: int) -> PhaseName:
        """The state of one evaluation, from what was known by then; up to the best one all is healthy."""
        named = self._named.get(history.points[i].evaluation.index)
        if named == "unstable":
            return named
        state = _judged_state(history, i)
        return named if named == "plateau" and state == "healthy" else state


def _judged_state(history: History, i: int) -> PhaseName:
    point, train = history.points[i], healthy_train(history)
    if i <= history.best:
        return "healthy"
    excess = history.excess(len(history.points) - 1 - i)
    left = point.train.value if point.train is not None else None
    if left is not None and train is not None and excess > 0:
        if left <= max(DEAD * train, history.train_resolution.half_unit) and _still(history, point):
            return "dead"
        if left <= MEMORISED * train:
            return "memorised"
    if excess >= SEVERE:
        return "severe"
    noisy = cadence(history) != "sparse" and (excess < LEAVING or point.loss - history.top.loss < 3 * history.sigma)
    return "healthy" if noisy or excess <= 0 else "divergence"


def _still(history: History, point: Point) -> bool:
    """Whether nothing moves any more: the gradient, or the learning rate where no gradient is printed."""
    gradient = healthy_gradient(history)
    if gradient is not None and point.gradient is not None:
        return point.gradient.value <= DEAD_GRADIENT * gradient
    return point.rate is not None and bool(history.peak_rate) and point.rate <= DEAD_RATE * (history.peak_rate or 0.0)


def _smooth(states: list[PhaseName]) -> None:
    """A state that does not last is taken for the one before it, except at the end."""
    for i in range(1, len(states) - 1):
        if states[i] != states[i - 1] and states[i + 1 : i + HOLD] != [states[i]] * (HOLD - 1) and states[i + 1] == states[i - 1]:
            states[i] = states[i - 1]


def _before_any(history: History, start: Place) -> tuple[PhaseSpan, ...]:
    """From `start` on, before the first evaluation: warm-up while one can be expected, else nobody can tell."""
    if history.newest is None:
        return ()
    plan = history.plan
    expected = plan.number("eval_steps") or plan.text("eval_strategy") not in (None, "no")
    name: PhaseName = "warm-up" if expected else "unsure"
    why = "before the first evaluation" if expected else "there is no evaluation to judge by"
    return (PhaseSpan(name, *start, *_end(history), why),)


def _span(history: History, name: PhaseName, members: list[int], start: Place, end: Place) -> PhaseSpan:
    """A phase that rests on these points."""
    number = history.points[members[0]].evaluation.index
    return PhaseSpan(name, *start, *end, _why(history, name, members), number)


def _where(point: Point) -> Place:
    return point.evaluation.step, point.evaluation.epoch


def _end(history: History) -> Place:
    """The newest record."""
    newest = history.newest
    if newest is None:
        return None, None
    row = len(newest) - 1
    return newest.step(row), newest.epoch(row)


def _train(history: History, point: Point) -> str:
    """The train loss at an evaluation; one below the print resolution is never called zero."""
    if point.train is None:
        return "?"
    floor = history.train_resolution.half_unit
    return f"below {figure(floor, 1)}, as far as it is printed" if point.train.value < floor else figure(point.train.value, 3)


def _why(history: History, name: PhaseName, members: list[int]) -> str:
    """What makes it this phase, with the figures of its first evaluation."""
    first, last = history.points[members[0]], history.points[members[-1]]
    metric, train = history.metric, _train(history, first)
    excess = percent(history.excess(len(history.points) - 1 - members[0]))
    match name:
        case "healthy":
            return f"{metric} goes from {figure(first.evaluation.value)} to {figure(last.evaluation.value)}"
        case "divergence":
            return f"{metric} leaves its best {figure(history.top.evaluation.value)} while the train loss is {train}"
        case "severe":
            return f"{metric} is {excess} above its best"
        case "memorised":
            return f"train loss {train} is at most {percent(MEMORISED)} of the healthy one: the training data is known by heart"
        case "dead":
            return f"train loss {train}, and the gradient is at most a tenth of the healthy one: nothing is learnt any more"
        case "unstable":
            return "a value was not finite, or the train loss runs away"
        case "plateau":
            return f"{metric} no longer improves"
        case _:
            return ""
