"""What a power law through the evaluations so far promises for the rest of a run."""

from __future__ import annotations

from statistics import fmean

from trainwatch.rules.guard import planned_steps
from trainwatch.rules.history import History, per_point

EXPONENTS = tuple(k / 10 for k in range(1, 21))
LEAST = 6
MOST = 200
"""Points fitted at most, evenly taken: more do not change the curve."""


def fit(steps: list[float], losses: list[float]) -> tuple[float, float, float]:
    """(c, a, p) of the curve c + a * step^-p with the smallest squared error; p among tenths up to 2."""
    return min((_linear(steps, losses, p) for p in EXPONENTS), key=lambda found: found[0])[1]


def _linear(steps: list[float], losses: list[float], p: float) -> tuple[float, tuple[float, float, float]]:
    """Least squares for one exponent: (squared error, curve)."""
    x = [s**-p for s in steps]
    mx, my = fmean(x), fmean(losses)
    spread = sum((a - mx) ** 2 for a in x)
    slope = sum((a - mx) * (b - my) for a, b in zip(x, losses, strict=True)) / spread if spread else 0.0
    c = my - slope * mx
    return sum((c + slope * a - b) ** 2 for a, b in zip(x, losses, strict=True)), (c, slope, p)


@per_point
def further_gain(history: History) -> float | None:
    """The share by which the metric is to improve from now to the end of the run; None when steps or their number are not known."""
    total, now = planned_steps(history), history.now.step
    known = [(float(p.step), p.loss) for p in history.points if p.step]
    if not total or not now or len(known) < LEAST or now >= total:
        return None
    known = known[:: max(len(known) // MOST, 1)]
    c, a, p = fit([s for s, _ in known], [loss for _, loss in known])
    at_now, at_end = c + a * now**-p, c + a * total**-p
    return (at_now - at_end) / abs(at_now) if at_now else None
