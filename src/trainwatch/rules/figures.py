"""Numbers as they stand in the sentence of a verdict."""

from __future__ import annotations

_ORDINALS = ("zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def figure(value: float, digits: int = 4) -> str:
    """A value with at most `digits` significant digits, without padding."""
    return f"{value:.{digits}g}"


def percent(ratio: float) -> str:
    """A ratio as a percentage: one decimal below 100 %, two digits below 0.1 %."""
    if abs(ratio) < 0.001:
        return f"{100 * ratio:.2g} %"
    return f"{100 * ratio:.1f} %" if abs(ratio) < 1 else f"{100 * ratio:.0f} %"


def ordinal(n: int) -> str:
    """`third`, `12th`."""
    if n < len(_ORDINALS):
        return _ORDINALS[n]
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def place(step: int | None, epoch: float | None) -> str:
    """Where in the run: `at step 60`, else `at epoch 30`, else nothing."""
    if step is not None:
        return f" at step {step}"
    return "" if epoch is None else f" at epoch {epoch:g}"


def seconds(value: float) -> str:
    """A duration: `95 s` below three minutes, else `30 min`."""
    return f"{value:.0f} s" if value < 180 else f"{value / 60:.0f} min"
