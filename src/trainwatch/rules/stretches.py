"""The train loss in equal stretches of the run: for runs that are never evaluated."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator

from trainwatch.model.block import Block
from trainwatch.rules.noise import deviation, median

MOST = 4096
"""Losses of a stretch that are kept, at most: every n-th of more."""

MEAN_OF_MEDIAN = 1.2533
"""The standard error of a median is this many times that of a mean."""


class Stretches:
    """Medians of the train loss over equal numbers of steps.

    `medians` of the stretches that have ended, `error` the standard error of the newest.
    """

    def __init__(self) -> None:
        self.medians: list[float] = []
        self.error = 0.0
        self._losses: list[float] = []
        self._number = self._seen = 0
        self._stride = 1

    def fill(self, block: Block, row: int, length: float) -> Iterator[int]:
        """Each row of train records, whose steps only rise, that begins another stretch of `length` steps, from `row` on.

        What is kept is that of the stretches before it when it is handed over.
        """
        rows = len(block)
        while row < rows:
            end = self._end(block, row, (self._number + 1) * length)
            self._keep(block, row, end)
            row = end
            if end < rows:
                self._number = int((block.step(end) or 0) / length)
                if self._losses:
                    self._close()
                    yield end

    def _end(self, block: Block, row: int, limit: float) -> int:
        """The first row from `row` on whose step is at `limit` or behind it."""
        return bisect_left(range(len(block)), limit, row, key=lambda r: block.step(r) or 0)

    def _keep(self, block: Block, start: int, end: int) -> None:
        """Take in the losses of some rows."""
        first = start + -self._seen % self._stride
        self._losses += [loss for loss in block.columns["loss"][first : end : self._stride] if math.isfinite(loss)]
        self._seen += end - start
        while len(self._losses) > MOST:
            del self._losses[1::2]
            self._stride *= 2

    def _close(self) -> None:
        """A stretch has ended."""
        middle = median(self._losses)
        self.error = MEAN_OF_MEDIAN * deviation(self._losses, middle) / math.sqrt(len(self._losses))
        self.medians.append(middle)
        self._losses, self._seen, self._stride = [], 0, 1
