"""The learning rates as printed: a bounded choice of them, and what the print may hide."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from trainwatch.rules.noise import decimals

EVERY = 256
"""Twice as many records are all looked at; of the next so many every second, of twice as many every fourth, and so on."""

KEPT = 256
"""Points that a fit looks at, at most."""

PRECISE = {"hf_trainer": 4, "trainer_state": 4}
"""Significant digits that a format prints at least: there, `0.0002` is not a rounded value."""

LEAST = 1e-30
"""No rate is told from another below this."""

MOST = 1e6
"""A learning rate above this is none."""

EVEN = 1e-4
"""Rates known better than this share of the peak weigh alike in a fit."""

EXACT = 1e-9
"""Floating-point error of a schedule, as a share of its peak."""


EXACTLY = frozenset({"trainer_state", "json", "export"})
"""Formats that print floats in full: a zero there is one."""


@dataclass(frozen=True, slots=True)
class Point:
    """A printed rate at a step. `hidden` is half a unit of its last printed digit; `weight` what it counts in a fit."""

    step: float
    rate: float
    hidden: float
    weight: float = 1.0


@dataclass(slots=True)
class Notation:
    """The finest fixed or scientific notation that a field has shown so far."""

    peak: float = 0.0
    precise: int = 0
    decimals: int = 0
    digits: int = 1

    def show(self, rate: float, precise: int) -> None:
        """Take note of a rate, of a format that prints `precise` significant digits at least."""
        self.precise = max(self.precise, precise)
        self.peak = max(self.peak, rate)
        self.decimals = max(self.decimals, decimals(rate), 2 * self.precise)
        self.digits = max(self.digits, digits(rate), self.precise)

    def hidden(self, rate: float) -> float:
        """Half a unit of the last digit."""
        fixed = 0.5 * 10.0**-self.decimals
        scientific = 0.5 * 10.0 ** (math.floor(math.log10(rate)) - self.digits + 1) if rate > 0 else 0.0
        return max(fixed, scientific, EXACT * self.peak, LEAST)


@dataclass(slots=True)
class Printed:
    """The rates looked at. Which these are depends on their number in the run alone, not on how the log was cut."""

    steps: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    records: int = 0
    notation: Notation = field(default_factory=Notation)

    def looked_at(self, rows: int) -> Iterator[int]:
        """Which of the next `rows` records are to be looked at; they count as passed when this ends."""
        row = 0
        while row < rows:
            stride = 1 << max(((self.records + row) // EVERY).bit_length() - 1, 0)
            behind = (self.records + row) % stride
            if behind:
                row += stride - behind
                continue
            yield row
            row += 1
        self.records += rows

    def add(self, step: float, rate: float, form: str) -> None:
        """Keep a finite rate."""
        self.steps.append(step)
        self.rates.append(rate)
        self.notation.show(rate, PRECISE.get(form, 0))

    def go_back(self, step: float) -> None:
        """What was printed from `step` on is printed again."""
        while self.steps and self.steps[-1] >= step:
            self.steps.pop()
            self.rates.pop()

    def points(self, seen: int) -> list[Point]:
        """Of the first `seen` rates: the first ones, the newest one, and an even choice of the rest; equal steps count once."""
        first = list(range(min(seen, KEPT // 4)))
        stride = max(1, -(-(seen - len(first)) // (KEPT - len(first))))
        chosen = [*first, *range(len(first), seen, stride), *([seen - 1] if seen else [])]
        rows = [chosen[0], *(b for a, b in pairwise(chosen) if self.steps[b] > self.steps[a])] if chosen else []
        notation = Notation()
        for i in chosen:
            notation.show(self.rates[i], self.notation.precise)
        return [_point(self.steps[i], self.rates[i], notation) for i in rows]


def hidden_by(zero: str, form: str, finest: int) -> float | None:
    """What a printed zero may hide: half a unit of its last decimal, 0.0 when nothing; None when its text does not tell.

    Scientific notation shows the first digit of any rate, and so does Python's own notation: `0.0` where other rates have shown more
    decimals (`finest`), or in a format that prints floats in full, is no rounded value.
    """
    mantissa, exponent, _ = zero.lower().partition("e")
    count = len(mantissa.partition(".")[2])
    if exponent or form in EXACTLY or form in PRECISE or (count == 1 and finest > 1):
        return 0.0
    return 0.5 * 10.0**-count if count else None


def _point(step: float, rate: float, notation: Notation) -> Point:
    """A point for a fit: small rates in scientific notation are exact, and must not decide alone."""
    hidden = notation.hidden(rate)
    return Point(step, rate, hidden, max(hidden, EVEN * notation.peak) ** -2)


def digits(value: float) -> int:
    """Significant digits of the shortest notation: 4 for 6.021e-05, 1 for 0.0002, 0 for 0.0."""
    mantissa = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return len(mantissa)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most about `most` points, the first ones and the last among them."""
    if len(points) <= most:
        return list(points)
    head = most // 4
    stride = -(-(len(points) - head) // (most - head))
    return [*points[:head], *points[head:-1:stride], points[-1]]
