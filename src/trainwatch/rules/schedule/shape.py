"""Closed forms of learning-rate schedules, as PyTorch, Hugging Face and DeepSpeed define them."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Family = Literal[
    "constant", "linear", "cosine", "polynomial", "inverse_sqrt", "exponential", "wsd", "step", "multistep", "cosine_restarts", "cyclic"
]
Rise = Literal["none", "linear", "log", "cosine"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A schedule as a share of its peak.

    The scheduler's own count is `scale` times the printed step plus `offset`; all lengths are in that count. `rise` is the form of the
    warm-up of `warmup` steps ("log" is DeepSpeed's default), which begins at `start` of the peak where it is "cosine". `floor` is the share of the peak that decay ends at, at `total`.
    `power` belongs to polynomial, `timescale` to inverse_sqrt and exponential, `stable` (where decay begins) to wsd, `period` to what recurs, `levels`
    (count, share) to step and multistep.
    """

    family: Family
    rise: Rise = "none"
    warmup: float = 0.0
    total: float = math.inf
    floor: float = 0.0
    offset: int = 0
    scale: float = 1.0
    power: float = 1.0
    timescale: float = 1.0
    stable: float = 0.0
    period: float = 1.0
    levels: tuple[tuple[float, float], ...] = ()
    start: float = 0.0

    def count(self, step: float) -> float:
        """What the scheduler has counted to at a printed step, 0 at least."""
        return max(step * self.scale + self.offset, 0.0)

    def at(self, step: float) -> float:
        """The share of the peak at a printed step."""
        count = self.count(step)
        if count < self.warmup:
            return self.risen(count)
        return self.floor + (1 - self.floor) * self.body(count)

    def risen(self, count: float) -> float:
        """The share of the peak within warm-up. Logarithmic as in deepspeed.runtime.lr_schedules.WarmupLR."""
        if self.rise == "log":
            return math.log(1 + count) / math.log(max(self.warmup, 2))
        if self.rise == "cosine":
            return self.start + (1 - self.start) * 0.5 * (1 - math.cos(math.pi * count / self.warmup))
        return count / self.warmup if self.rise == "linear" else 1.0

    def body(self, count: float) -> float:
        """What is left of the way from the peak to the floor, after warm-up: 1 at its end, 0 at `total`."""
        match self.family:
            case "linear":
                return 1 - self._done(count)
            case "cosine":
                return 0.5 * (1 + math.cos(math.pi * self._done(count + (self.rise == "log"))))
            case "polynomial":
                return float((1 - self._done(count)) ** self.power)
            case "inverse_sqrt":
                return math.sqrt(self.timescale / max(count - self.warmup + self.timescale, self.timescale))
            case "exponential":
                return math.exp(-max(count - self.warmup, 0.0) / self.timescale)
            case "wsd":
                return 1 - min(max((count - self.stable) / max(self.total - self.stable, 1), 0.0), 1.0)
            case "cosine_restarts":
                return 0.5 * (1 + math.cos(math.pi * (((count - self.warmup) / self.period) % 1.0)))
            case "cyclic":
                return 1 - abs(1 - 2 * ((count / self.period) % 1.0))
            case "step" | "multistep":
                place = bisect_right(self.levels, (count, math.inf)) - 1
                return self.levels[max(place, 0)][1]
            case _:
                return 1.0

    def _done(self, count: float) -> float:
        """The share of the decay that is behind. DeepSpeed's cosine with its logarithmic warm-up counts one step ahead."""
        return min(max((count - self.warmup) / max(self.total - self.warmup, 1), 0.0), 1.0)
