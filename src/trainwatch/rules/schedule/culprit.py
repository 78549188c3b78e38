"""What a fitted schedule is called where it is defined, and its parameters."""

from __future__ import annotations

import math

from trainwatch.rules.figures import figure
from trainwatch.rules.schedule.measure import Fit

DEEPSPEED = {"constant": "WarmupLR", "linear": "WarmupDecayLR", "cosine": "WarmupCosineLR"}
"""Schedulers of deepspeed.runtime.lr_schedules; no other framework warms up logarithmically."""

_NAMES = {
    "constant": "a constant schedule",
    "linear": "a linear decay",
    "cosine": "a cosine decay",
    "polynomial": "a polynomial decay",
    "inverse_sqrt": "an inverse square root decay",
    "exponential": "an exponential decay",
    "wsd": "a plateau with a linear decay after it (WSD)",
    "step": "a step schedule",
    "multistep": "a multistep schedule",
    "cosine_restarts": "a cosine with restarts",
    "cyclic": "a triangular cycle",
}


def scheduler(fit: Fit) -> str:
    """The class that is known to produce it; empty when many do."""
    if fit.shape.rise == "cosine":
        return "OneCycleLR"
    return DEEPSPEED.get(fit.shape.family, "") if fit.shape.rise == "log" else ""


def parameters(fit: Fit) -> dict[str, float | str]:
    """The settings of the fit under their usual names, in printed steps where time is scaled. Nothing that is zero or not used."""
    shape, family = fit.shape, fit.shape.family
    out: dict[str, float | str] = {"learning_rate": fit.peak}
    if shape.warmup:
        out |= {"warmup_steps": shape.warmup, "warmup_type": shape.rise}
    if math.isfinite(shape.total):
        out["total_steps"] = shape.total
    if shape.start:
        out["div_factor"] = 1 / shape.start
    if shape.floor > 1e-9:
        out["min_lr_ratio"] = shape.floor
    if family == "polynomial":
        out["power"] = shape.power
    elif family == "inverse_sqrt":
        out["timescale"] = shape.timescale
    elif family == "exponential":
        out["gamma"] = math.exp(-1 / shape.timescale)
    elif family == "wsd":
        out["decay_start"] = shape.stable
    elif family in ("cosine_restarts", "cyclic"):
        out["period"] = shape.period
    elif family in ("step", "multistep"):
        out |= {"levels": len(shape.levels), "gamma": shape.levels[1][1] / shape.levels[0][1], "first_drop": shape.levels[1][0]}
    if shape.offset:
        out["offset"] = shape.offset
    if shape.scale != 1.0:
        out["scale"] = shape.scale
    return out


def described(fit: Fit) -> str:
    """The schedule in words: `DeepSpeed WarmupDecayLR with 10 logarithmic warm-up steps over 200 steps`."""
    shape = fit.shape
    name = scheduler(fit)
    words = "one cycle (OneCycleLR)" if shape.rise == "cosine" else f"DeepSpeed {name}" if name else _NAMES[shape.family]
    if shape.family == "exponential":
        words += f" by {figure(math.exp(-1 / shape.timescale), 6)} a step"
    kind = {"log": "logarithmic", "linear": "linear", "cosine": "rising"}.get(shape.rise, "")
    if shape.warmup and kind:
        words += f" with {shape.warmup:.0f} {kind} warm-up steps"
    if math.isfinite(shape.total):
        words += f" over {shape.total:.0f} steps"
    if shape.floor > 1e-9:
        words += f" down to {figure(shape.floor)} of the peak"
    return f"{words}, peak {figure(fit.peak)}"
