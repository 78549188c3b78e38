"""Every metric of a run as a series over steps."""

from __future__ import annotations

from array import array

from trainwatch.model.block import Block
from trainwatch.model.series import Series

EXACT = 64
"""So many first records keep their steps one by one: a run begins unevenly, and a short one is nothing but its beginning."""

NOT_METRICS = frozenset({"step", "epoch", "total_steps", "attempt"})


class Curves:
    """Series by metric name, filled from blocks. Where no step is known, x is the number of the record in the run.

    `epochs` are those of the records for as long as no step is known.
    """

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.epochs = Series()
        self.last_step: int | None = None
        self.last_epoch: float | None = None
        self.records = 0

    def add(self, block: Block) -> None:
        """Append a block of records; summaries and events hold no curve."""
        rows = len(block)
        if block.kind not in ("train", "eval", "info", "bar") or not rows:
            return
        steps = self._steps(block)
        first = self.records + 1
        self.records += rows
        last = block.step(rows - 1)
        if last is not None:
            self.last_step = last
        epoch = block.epoch(rows - 1)
        if epoch is not None:
            self.last_epoch = epoch
        if block.kind == "bar":
            return
        if self.last_step is None and epoch is not None:
            self._append(self.epochs, block.columns["epoch"], steps, first)
        for name, column in block.columns.items():
            if name not in NOT_METRICS:
                self._append(self.series.setdefault(name, Series()), column, steps, first)

    def _steps(self, block: Block) -> list[int | None]:
        """The steps of the first rows of the run, all of them; later those of a block's ends. One that is not known is where the run stands."""
        rows = range(len(block)) if self.records + len(block) <= EXACT else (0, len(block) - 1)
        steps: list[int | None] = []
        for row in rows:
            step = block.step(row)
            steps.append(step if step is not None else steps[-1] if steps else self.last_step)
        return steps

    def _append(self, series: Series, column: array[float], steps: list[int | None], number: int) -> None:
        """The values of a block; where no step is known x is the number of the record, `number` for the first: one axis for all curves."""
        if len(steps) == len(column):
            for i, step in enumerate(steps):
                x = float(number + i if step is None else step)
                series.extend(column[i : i + 1], x, x)
        else:
            first = float(number if steps[0] is None else steps[0])
            series.extend(column, first, first + len(column) - 1 if steps[1] is None else float(steps[1]))
