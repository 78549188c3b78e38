"""Values that strict JSON knows."""

from __future__ import annotations

import math


def strict(value: object) -> object:
    """The same value with every float that JSON does not know as a string: "nan", "inf" or "-inf"."""
    if isinstance(value, dict):
        return {str(k): strict(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [strict(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
