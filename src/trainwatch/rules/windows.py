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
            values = held.tolist()
            del held[:]
            yield end - 1, values if math.isfinite(sum(values)) else [v for v in values if math.isfinite(v)]
            start = end

    @property
    def highest(self) -> float:
        """The highest value of the window that is being filled; minus infinity when it is empty."""
        return max(self._held, default=-math.inf)

    def skip(self, column: array[float]) -> tuple[int, int]:
        """Take in values whose windows nobody needs to see: how many these values complete, and the row of the last value of the last."""
        total = len(self._held) + len(column)
        full, rest = divmod(total, self.size)
        self._held = column[len(column) - rest :] if full else self._held + column
        return full, len(column) - rest - 1

    def clear(self) -> None:
        """Begin a window anew."""
        del self._held[:]
