"""Eval loss against train loss: how far apart, and whether the two are the same thing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from trainwatch.rules.figures import figure, percent
from trainwatch.rules.history import History, Point, per_point
from trainwatch.rules.metric import direction, measurements
from trainwatch.rules.noise import mean, spread

UNITS = {
    "gradient_accumulation_steps": "the gradient accumulation",
    "world_size": "the number of processes",
    "per_device_train_batch_size": "the batch size",
    "max_seq_length": "the sequence length",
}
"""Factors by which a loss is summed instead of averaged when a reduction is wrong."""

SAME_UNIT = 0.03
SAME_LOSS = 0.10
APART = 2.0
STEADY = 0.10
FLOOR = 10.0
"""A train loss below this many half units of its last decimal is at the print floor."""


def ratio(history: History, point: Point) -> float | None:
    """Eval loss over train loss; None where one is missing, not positive, or at the print floor."""
    if point.train is None or "eval_loss" not in point.evaluation.values:
        return None
    train, loss = point.train.value, point.evaluation.values["eval_loss"]
    return loss / train if train > FLOOR * history.train_resolution.half_unit and loss > 0 else None


def ratios(history: History) -> Iterator[float]:
    """The known ratios of all evaluations; the first ones mostly tell enough."""
    floor = FLOOR * history.train_resolution.half_unit
    return (
        loss / train
        for p in history.points
        if p.train is not None and (train := p.train.value) > floor and (loss := p.evaluation.values.get("eval_loss", 0.0)) > 0
    )


def components(values: Mapping[str, float]) -> dict[str, float]:
    """What an evaluation printed beside its loss, and may be parts of it: no accuracies, durations, counts."""
    names = [n for n in measurements(values) if n not in ("eval_loss", "train_loss") and direction(n) != "max"]
    return {n: values[n] for n in names if values[n] > 0}


def plain(name: str) -> str:
    """A component without what frameworks put around its name: `kd` for `eval_kd_loss`."""
    return re.sub(r"^(eval|val|train)[_/]|_?loss$", "", name)


def weights(history: History, values: Mapping[str, float]) -> dict[str, float]:
    """The configured weight of each component that has one (facts `alpha_NAME`)."""
    found = {name: history.plan.number(f"alpha_{plain(name)}") for name in components(values)}
    return {name: alpha for name, alpha in found.items() if alpha is not None}


@per_point
def mismatch(history: History) -> str:
    """Why train and eval loss are not the same quantity; empty when nothing says so."""
    seen = list(islice(ratios(history), 2))
    return (_scaled(history, seen) or _part(history)) if seen else ""


@per_point
def steady(history: History) -> str:
    """Says that the two have stood apart by the same factor since the first evaluation; empty when they have not."""
    if any(apart <= APART for apart in ratios(history)):
        return ""
    seen = list(ratios(history))
    if len(seen) < 3 or spread(seen) > STEADY * mean(seen):
        return ""
    return f"eval loss is {figure(mean(seen), 3)} times the train loss at every evaluation, without growing"


def _scaled(history: History, seen: list[float]) -> str:
    """Whether the first two evaluations, `seen`, differ from training by a known factor."""
    if len(seen) < 2:
        return ""
    for name, words in UNITS.items():
        unit = history.plan.number(name)
        for factor in (unit, 1 / unit) if unit and unit >= 2 else ():
            if all(abs(r / factor - 1) <= SAME_UNIT for r in seen):
                return f"eval loss over train loss is {figure(seen[0], 3)}, which is {words} ({figure(unit or 0)}): one of them is not averaged"
    return ""


def _part(history: History) -> str:
    """Whether the train loss is one part of the eval loss, or their weighted sum."""
    now, apart = history.now, ratio(history, history.now)
    if apart is None or apart <= APART or now.train is None:
        return ""
    parts, train = components(now.evaluation.values), now.train.value
    alphas = weights(history, now.evaluation.values)
    if len(alphas) > 1:
        parts["the weighted sum of the parts"] = sum(alphas[n] * parts[n] for n in alphas)
    name = min(parts, key=lambda n: abs(parts[n] / train - 1), default="")
    if not name or abs(parts[name] / train - 1) > SAME_LOSS:
        return ""
    return f"train loss {figure(train)} is within {percent(abs(parts[name] / train - 1))} of {name} ({figure(parts[name])}), but eval loss is {figure(apart, 3)} times it"
