"""Every metric of a run as a series over steps."""

from __future__ import annotations

from trainwatch.model.block import Block
from trainwatch.model.series import Series

NOT_METRICS = frozenset({"step", "epoch", "total_steps", "attempt"})


class Curves:
    """Series by metric name, filled from blocks. Where no step is known, x is the number of the record."""

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.last_step: int | None = None
        self.last_epoch: float | None = None
        self.records = 0

    def add(self, block: Block) -> None:
        """Append a block of records; summaries and events hold no curve."""
        rows = len(block)
        if block.kind not in ("train", "eval", "info", "bar") or not rows:
            return
        first = block.step(0)
        last = block.step(rows - 1) if rows > 1 else first
        self.records += rows
        if last is not None:
            self.last_step = last
        epoch = block.epoch(rows - 1)
        if epoch is not None:
            self.last_epoch = epoch
        if block.kind == "bar":
            return
        for name, column in block.columns.items():
            if name not in NOT_METRICS:
                series = self.series.setdefault(name, Series())
                x = self._x(first, len(series) + 1)
                series.extend(column, x, self._x(last, x + rows - 1))

    def _x(self, step: int | None, otherwise: float) -> float:
        """The step; without one, where the run stands, else the number of the record."""
        if step is not None:
            return float(step)
        return float(self.last_step) if self.last_step is not None else float(otherwise)
