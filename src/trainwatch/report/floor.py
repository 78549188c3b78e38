"""How finely a value was printed: a printed 0 is a value below half of the last digit, and no more is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

from trainwatch.model.series import Series
from trainwatch.present.numbers import number

LOOKED_AT = 1_000
"""Values at each end that tell the resolution; more make a long report slow and tell nothing new."""

FINE = 1e-9
"""Below this the print is as fine as the number itself: a 0 is a 0."""


def print_floor(values: Sequence[float]) -> float | None:
    """Half a unit of the finest decimal that was printed; None when nothing tells, or when it is finer than matters."""
    known = (v for end in (values[:LOOKED_AT], values[LOOKED_AT:][-LOOKED_AT:]) for v in end if math.isfinite(v) and not v.is_integer())
    exponents = (e for v in known if isinstance(e := Decimal(repr(v)).as_tuple().exponent, int))
    finest = min(exponents, default=0)
    floor = 0.5 * 10.0**finest
    return floor if finest < 0 and floor >= FINE else None


def shown(value: float | None, series: Series | None) -> str:
    """A value; a printed 0 as what it says: `< 5e-5`."""
    if value != 0 or series is None:
        return number(value)
    floor = print_floor(series.values)
    return number(value) if floor is None else f"< {number(floor)}"
