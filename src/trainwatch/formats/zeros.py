"""How a learning rate of zero is printed: `0.0000` may hide a rate, `0.00e+00` may not."""

from __future__ import annotations

import re

_ZERO = re.compile(rb"(?:\blr|learning[_ ]?rate)[^\w\s]{0,3}\W{0,4}([-+]?0(?:\.0*)?(?:e[-+]?\d+)?)(?![\w.])", re.IGNORECASE)
NAME = "learning_rate"


def printed_zero(text: bytes) -> str:
    """The zero behind the name of the learning rate, as it stands in the text of a record; empty when none does."""
    found = _ZERO.search(text)
    return found[1].decode("ascii") if found is not None else ""
