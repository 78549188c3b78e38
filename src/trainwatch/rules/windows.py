"""Equal numbers of records, however blocks are cut."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator


class Windows:
    """Windows of `size` values of one column, one after the other."""

    def __init__(self, size: int) -> None:
        self.size = max(size, 1)
        self._held = array("d")

    def fill(self, column: array[float]) -> Iterator[tuple[int, list[float]]]:
        """Each window that these values complete: the row of its last value in the column, and its finite values."""
        held, size, start = self._held, self.size, 0
        while start < len(column):
            end = start + size - len(held)
            held += column[start:end]
            if len(held) < size:
                return
            values = held.tolist() if math.isfinite(sum(held)) else [v for v in held if math.isfinite(v)]
            del held[:]
            yield end - 1, values
            start = end

    def clear(self) -> None:
        """Begin a window anew."""
        del self._held[:]
