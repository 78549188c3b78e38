"""The parts of a loss against the weights that the configuration gives them.

A weight is a factor and not a share: how large a part of the total a component is says nothing by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from trainwatch.model.snapshot import Evaluation, Snapshot

_WEIGHT = re.compile(r"(?:alpha|lambda|beta|weight|w|coef)_(\w+)|(\w+)_(?:alpha|lambda|weight|coef|coeff)", re.IGNORECASE)
_NOT_A_LOSS = re.compile(r"_decay$|^decay$")
NEAR = 0.02
"""Two sums this near to each other, as a share, are called equal."""

ALIKE = 0.1
"""A train loss this near to a part, as a share, may be that part."""

FAR = 2.0
"""An eval loss this many times the train loss may be another sum."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the loss at the newest evaluation that printed it. `share` is of the total as printed; `weight` None: not known."""

    name: str
    value: float
    share: float | None
    weight: float | None
    weighted: float | None


@dataclass(frozen=True, slots=True)
class Components:
    """`total` is the evaluation's loss; `raw` and `weighted` the sums of the parts; `rest` the share of the total that no part explains.

    `explains` says which sum the total equals: "raw", "weighted" or "" (neither). `train` is the train loss beside it, None when unknown.
    """

    step: int | None
    total: float
    parts: tuple[Component, ...]
    raw: float
    weighted: float | None
    rest: float | None
    explains: str
    train: float | None
    train_near: str


def components(snapshot: Snapshot) -> Components | None:
    """The parts printed at the newest evaluation; None when fewer than two are known to be parts of the loss."""
    weights = _weights(snapshot)
    for evaluation in reversed(snapshot.evaluations):
        found = _parts(evaluation, weights)
        if len(found) >= 2:
            return _assess(evaluation, found)
    return None


def _weights(snapshot: Snapshot) -> dict[str, float]:
    """Weights by the name of what they weigh."""
    out: dict[str, float] = {}
    for name, fact in snapshot.facts.items():
        match = _WEIGHT.fullmatch(name)
        if match is None or _NOT_A_LOSS.search(name):
            continue
        try:
            out[(match[1] or match[2]).lower()] = float(fact.value)
        except ValueError:
            continue
    return out


def _parts(evaluation: Evaluation, weights: Mapping[str, float]) -> dict[str, tuple[float, float | None]]:
    """Name to (value, weight) of each part: what has a weight, or is called a loss and is not the total."""
    out: dict[str, tuple[float, float | None]] = {}
    for name, value in evaluation.values.items():
        stem = name.lower().removeprefix("eval_").removesuffix("_loss").removesuffix("/loss")
        total = stem in ("", "loss", "eval", "val", "valid", "test", "total", "train")
        if not total and math.isfinite(value) and (stem in weights or name.lower().endswith(("_loss", "/loss"))):
            out[name] = value, weights.get(stem)
    return out


def _assess(evaluation: Evaluation, found: Mapping[str, tuple[float, float | None]]) -> Components | None:
    """Which sum the total is, and what is left."""
    total = evaluation.values.get("eval_loss", evaluation.value)
    if not math.isfinite(total) or not total:
        return None
    parts = tuple(
        Component(name, value, value / total, weight, None if weight is None else weight * value) for name, (value, weight) in found.items()
    )
    raw = sum(part.value for part in parts)
    known = [part.weighted for part in parts if part.weighted is not None]
    weighted = sum(known) if len(known) == len(parts) else None
    near = [name for name, value in (("weighted", weighted), ("raw", raw)) if value is not None and _near(value, total)]
    explains = near[0] if near else ""
    rest = None if near else (total - raw) / total
    return Components(
        evaluation.step, total, parts, raw, weighted, rest, explains, evaluation.train_loss, _train(evaluation, parts, weighted)
    )


def _near(value: float, total: float, within: float = NEAR) -> bool:
    """Whether two figures are the same but for rounding."""
    return abs(value - total) <= within * abs(total)


def _train(evaluation: Evaluation, parts: tuple[Component, ...], weighted: float | None) -> str:
    """What of the evaluation the train loss is near, when it is far below the eval loss; empty for nothing."""
    train = evaluation.train_loss
    if train is None or not math.isfinite(train) or evaluation.value <= FAR * train:
        return ""
    near = [part.name for part in parts if _near(part.value, train, ALIKE)]
    if weighted is not None and _near(weighted, train, ALIKE):
        near.append("the weighted sum")
    return " and ".join(near)
