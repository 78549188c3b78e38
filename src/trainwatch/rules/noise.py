"""How much a series moves without meaning anything: noise scale, print resolution, trend."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence

NOISE_WINDOW = 20
"""Newest values that the noise scale looks at."""

SHOWN = 500
"""Values of a field whose decimals are looked at: enough to see the finest, cheap in a log of millions."""


def median(values: Sequence[float]) -> float:
    """The median; the mean of the middle two when the count is even. Raises IndexError when empty."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. Raises OverflowError for finite values beyond all sums; `statistics` says the same, and is slow to load."""
    return math.fsum(values) / len(values)


def spread(values: Sequence[float]) -> float:
    """The standard deviation of all there is: the root of the mean squared distance from the mean."""
    middle = mean(values)
    return math.sqrt(mean([(v - middle) ** 2 for v in values]))


def deviation(values: Sequence[float], centre: float) -> float:
    """1.4826 times the median absolute deviation: the standard deviation, if the values were normal."""
    return 1.4826 * median([abs(v - centre) for v in values])


def noise(values: Sequence[float]) -> float | None:
    """The noise scale of the newest values, free of trend: MAD of the second differences over sqrt(6). None below four values."""
    x = values[-NOISE_WINDOW:]
    if len(x) < 4:
        return None
    bends = [x[i] - 2 * x[i + 1] + x[i + 2] for i in range(len(x) - 2)]
    return deviation(bends, median(bends)) / math.sqrt(6)


def relative(x: float, reference: float, sigma: float, resolution: float) -> float:
    """(x - reference) over the size of the reference; safe near zero and for negative losses."""
    size = max(abs(reference), 10 * sigma, 10 * resolution)
    return (x - reference) / size if size else 0.0


def decimals(value: float) -> int:
    """Digits after the point in the shortest notation of a value: 4 for 0.1376, 5 for 1e-05, 0 for 3.0."""
    mantissa, _, exponent = repr(value).partition("e")
    fraction = mantissa.partition(".")[2]
    digits = 0 if fraction == "0" else len(fraction)
    return max(digits - int(exponent or 0), 0)


class Resolution:
    """Half a unit of the finest decimal that a field has printed so far: what a printed value may hide. 0.5 before any."""

    def __init__(self) -> None:
        self._seen = 0
        self._finest = 0

    def show(self, values: Iterable[float]) -> None:
        """Take note of printed values."""
        for value in values:
            if self._seen >= SHOWN:
                return
            self._seen += 1
            if math.isfinite(value):
                self._finest = max(self._finest, decimals(value))

    @property
    def half_unit(self) -> float:
        """In the unit of the field."""
        return 0.5 * 10.0**-self._finest


def trend(values: Iterable[float]) -> float:
    """Mann-Kendall's z of a series, positive for a rise."""
    found = Trend()
    for value in values:
        found.add(value)
    return found.z


class Trend:
    """Mann-Kendall's test for a monotonic trend, one value at a time."""

    def __init__(self) -> None:
        self._ordered: list[float] = []
        self._score = 0

    def add(self, value: float) -> None:
        """Append a finite value."""
        low, high = bisect_left(self._ordered, value), bisect_right(self._ordered, value)
        self._score += low - (len(self._ordered) - high)
        insort(self._ordered, value)

    @property
    def z(self) -> float:
        """The normal score, positive for a rise; 0 below three values. Ties are not corrected for."""
        n = len(self._ordered)
        if n < 3 or not self._score:
            return 0.0
        variance = n * (n - 1) * (2 * n + 5) / 18
        return (self._score - math.copysign(1, self._score)) / math.sqrt(variance)
