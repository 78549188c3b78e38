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
        places = self._places(block) if block.kind != "bar" else []
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
            _append(self.epochs, block.columns["epoch"], places)
        for name, column in block.columns.items():
            if name not in NOT_METRICS:
                series = self.series.get(name)
                if series is None:
                    series = self.series[name] = Series()
                _append(series, column, places)

    def _places(self, block: Block) -> list[float]:
        """The x of the first rows of the run, of all of them; later those of a block's ends.

        A step that is not known is where the run stands; where none is known at all, x is the number of the record: one axis for all curves.
        """
        rows = range(len(block)) if self.records + len(block) <= EXACT else (0, len(block) - 1)
        places: list[float] = []
        step = self.last_step
        for row in rows:
            known = block.step(row)
            step = known if known is not None else step
            places.append(float(self.records + 1 + row if step is None else step))
        return places


def _append(series: Series, column: array[float], places: list[float]) -> None:
    """The values of a block: `places` are the x of each of them, or of the first and the last."""
    if len(places) == len(column):
        for i, x in enumerate(places):
            series.extend(column[i : i + 1], x, x)
    else:
        series.extend(column, places[0], places[-1])
