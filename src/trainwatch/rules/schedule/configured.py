"""The schedule that the configuration asks for, as far as it can be predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from trainwatch.model.planned import a_step
from trainwatch.rules.plan import Plan
from trainwatch.rules.schedule.printed import Point
from trainwatch.rules.schedule.shape import Family, Rise, Shape

KNOWN: dict[str, tuple[Family, Rise]] = {
    "constant": ("constant", "linear"),
    "constant_with_warmup": ("constant", "linear"),
    "linear": ("linear", "linear"),
    "cosine": ("cosine", "linear"),
    "inverse_sqrt": ("inverse_sqrt", "linear"),
    "warmuplr": ("constant", "log"),
    "warmupdecaylr": ("linear", "log"),
    "warmupcosinelr": ("cosine", "log"),
}
"""Scheduler names, in lower case, that say all about their form. Others have further settings that logs do not print."""

SETTINGS = ("learning_rate", "lr_scheduler_type", "warmup_steps", "warmup_ratio", "total_steps")
UNITS = ("gradient_accumulation_steps", "world_size")
AXIS = ("num_train_epochs", "steps_per_epoch")
ENDS = ("lr_decay_steps", "min_lr")

Found = tuple[float | str | None, ...]


@dataclass(frozen=True, slots=True)
class Configured:
    """A configured schedule. `shapes` are all that it may mean: a count from 0 or 1, a step axis of updates or of batches.

    `peak` is None when no learning rate is configured. `warmup` None: nothing says whether there is one. `batches` says whether the
    printed steps count batches; None when that is not known. `accumulation` and `world` are 1 when not known.
    """

    name: str
    shapes: tuple[Shape, ...]
    peak: float | None
    warmup: float | None
    total: float | None
    accumulation: int = 1
    world: int = 1
    batches: bool | None = None

    def expected(self, step: float, rate: float) -> float | None:
        """The configured rate at a printed step, the one nearest to `rate` of all that may be meant; None without a peak."""
        if self.peak is None:
            return None
        peak = self.peak
        return min((peak * shape.at(step) for shape in self.shapes), key=lambda value: abs(value - rate))


def look_up(plan: Plan) -> Found:
    """What the configuration says of the schedule, where the plan stands."""
    return tuple(plan.text(name) if name == "lr_scheduler_type" else plan.number(name) for name in (*SETTINGS, *UNITS, *AXIS, *ENDS))


def configured(found: Found, point: Point | None = None, epoch: float | None = None, first: float = 0.0) -> Configured | None:
    """The schedule of that configuration, None when it names none that can be predicted.

    `point` and `epoch` of the newest record help to tell what its steps count. Where no warm-up is stated, one that was over at the
    `first` printed step is possible too.
    """
    values = dict(zip((*SETTINGS, *UNITS, *AXIS, *ENDS), found, strict=True))
    name = str(values["lr_scheduler_type"] or "").lower().rpartition(".")[2]
    if name not in KNOWN:
        return None
    family, rise = KNOWN[name]
    total, peak = _positive(values["lr_decay_steps"]) or _positive(values["total_steps"]), _positive(values["learning_rate"])
    lowest = _positive(values["min_lr"])
    if total is None and family not in ("constant", "inverse_sqrt"):
        return None
    warmup = _warmup(values, total)
    accumulation, world = (max(int(_positive(values[unit]) or 1), 1) for unit in UNITS)
    batches = _batches(values, _positive(values["total_steps"]) or total, accumulation, point, epoch)
    base = Shape(family, rise if warmup else "none", warmup or 0.0, total=total or math.inf, timescale=max(warmup or 0.0, 1.0))
    if peak and lowest and lowest < peak and family in ("linear", "cosine"):
        base = replace(base, floor=lowest / peak)
    scales = {False: (1.0,), True: (1 / accumulation,), None: (1.0, 1 / accumulation)}[batches]
    bases = [base] if warmup is not None or not first else [base, replace(base, rise=rise, warmup=first, timescale=first)]
    shapes = tuple(replace(b, scale=scale, offset=offset) for b in bases for scale in dict.fromkeys(scales) for offset in (0, -1))
    return Configured(name, shapes, peak, warmup, total, accumulation, world, batches)


def _positive(value: float | str | None) -> float | None:
    return value if isinstance(value, float) and value > 0 else None


def _warmup(values: dict[str, float | str | None], total: float | None) -> float | None:
    """Warm-up in optimizer steps: stated, else the share of the total as Hugging Face rounds it; 0 when stated so."""
    steps, ratio = values["warmup_steps"], values["warmup_ratio"]
    if isinstance(steps, float) and 0 < steps < 1:
        steps, ratio = None, steps
    if isinstance(steps, float) and steps > 0:
        return steps
    if isinstance(ratio, float) and ratio > 0:
        return float(math.ceil(ratio * total)) if total else None
    return 0.0 if steps == 0 or ratio == 0 else None


def _batches(
    values: dict[str, float | str | None], total: float | None, accumulation: int, point: Point | None, epoch: float | None
) -> bool | None:
    """Whether printed steps count batches instead of updates; None when nothing tells."""
    step = None if point is None else point.step
    epochs, per_epoch = _positive(values["num_train_epochs"]), _positive(values["steps_per_epoch"])
    unit = a_step(step, epoch, total=total, accumulation=float(accumulation), epochs=epochs, per_epoch=per_epoch)
    return None if unit is None or (total is None and accumulation > 1) else unit > 1


def scales(plan: Configured) -> Sequence[tuple[float, str]]:
    """Time scales that mistakes lead to, each with what happened."""
    a, w = plan.accumulation, plan.world
    fast = "the scheduler is stepped once per {}: {} times too often"
    slow = "the schedule was planned in {}: it runs {} times too slowly"
    units = [
        (a, "micro-batch", "batches"),
        (w, "process", "steps of all processes"),
        (a * w, "micro-batch and process", "batches of all processes"),
    ]
    found: dict[float, str] = {}
    for factor, once, planned in units:
        if factor > 1:
            found.setdefault(float(factor), fast.format(once, factor))
            found.setdefault(1 / factor, slow.format(planned, factor))
    return tuple(found.items())
