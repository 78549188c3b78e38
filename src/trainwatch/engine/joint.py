"""Records without steps in one source, and the progress bar that counts them in another: joined on epoch and record count.

A job whose stdout and stderr are two files prints its records to one and its bar to the other. Where both were watched as they grew,
the bar stands at the step of the records that came at the same moment. Where they were found on disk, only their ends belong together:
records wait until both have been read that far.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace

from trainwatch.model.block import Block
from trainwatch.model.facts import Facts

WAITING = 1 << 20
"""Records that wait at most, of one attempt: with more of them they are handed over without steps."""

NEAR = 0.1
"""How far from a whole number the epochs of a bar may lie, as a share, to be taken as that number."""

COARSE = 1 / 40
"""Share of the bar below which an epoch, printed to hundredths, does not tell how many epochs there will be."""

Bar = tuple[int, int, float]
"""(counter, total, elapsed seconds) of a progress bar."""


class Joint:
    """The sources of one attempt. The planned steps that a bar shows are noted in `facts` once records belong to it."""

    def __init__(self, facts: Facts) -> None:
        self.elapsed = 0.0
        """Seconds on the clock of the bar that records belong to, 0 as long as none does."""
        self._facts = facts
        self._bars: dict[int, tuple[str, Bar]] = {}
        self._waiting: list[Block] = []
        self._size = 0
        self._moment = math.nan
        self._per_epoch: float | None = None
        self._every: float | None = None
        self._first: float | None = None
        self._count = 0

    def bar(self, source: str, bar: Bar | None) -> None:
        """The newest frame of a source's bar; None when it draws none."""
        if bar is not None:
            self._bars[bar[1]] = source, bar

    def moment(self, seen_at: float) -> Iterator[Block]:
        """Something comes at this time (NaN: it was there when we came): what waited for the rest of an earlier moment goes first."""
        if seen_at != self._moment and not (math.isnan(seen_at) and math.isnan(self._moment)):
            yield from self.release()
        self._moment = seen_at

    def take(self, blocks: list[Block]) -> Iterator[Block]:
        """The blocks that can be judged now; those without steps wait for the bar of their moment, and what stands behind them too."""
        for block in blocks:
            if _lacks(block) or any(block.source == other.source for other in self._waiting):
                self._waiting.append(block)
                self._size += len(block)
            else:
                yield block
        if self._size > WAITING:
            yield from self.release()

    def release(self) -> Iterator[Block]:
        """All that came at a moment has been read: the newest frame belongs to the newest records."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        if not self._bars:
            yield from waiting
        elif waiting:
            before = self._count
            counter = self._learn(waiting)
            self._count = before
            for block in waiting:
                yield self._stepped(block, None if math.isnan(self._moment) and self._every else counter) if _lacks(block) else block

    def _learn(self, blocks: list[Block]) -> int:
        """Steps per epoch and between records, from records whose last one belongs to the bar as it stands; returns where that is."""
        source, (counter, total, self.elapsed) = max(self._bars.values(), key=lambda found: found[1][2])
        train = [epoch for block in blocks if block.kind == "train" for epoch in _epochs(block)]
        every = [epoch for block in blocks for epoch in _epochs(block)]
        self._count += sum(len(block) for block in blocks if block.kind == "train")
        if self._count:
            self._facts.note("total_steps", float(total), source)
        if counter and every and max(every) > 0 and counter >= total * COARSE:
            self._per_epoch = _per_epoch(counter, total, max(every))
        if counter and self._count and not every:
            self._every = counter / self._count
        if train and self._first is None:
            self._first = train[0]
        if self._per_epoch is not None and self._first is not None and train and self._count > 2 and train[-1] > self._first:
            self._every = max(1, round((train[-1] - self._first) / (self._count - 1) * self._per_epoch))
        return counter

    def _stepped(self, block: Block, counter: int | None) -> Block:
        """The block with steps; NaN where none can be told. `counter` is where the bar stood when it arrived, None when nobody watched."""
        epochs = block.columns.get("epoch")
        steps = array("d", (self._step(block.kind, epochs[row] if epochs else math.nan, counter) for row in range(len(block))))
        columns = {"step": steps, **{name: column for name, column in block.columns.items() if name != "step"}}
        return replace(block, columns=columns, derived=tuple(dict.fromkeys((*block.derived, "step"))))

    def _step(self, kind: str, epoch: float, counter: int | None) -> float:
        """The step of a record: where its epoch points, on the grid of the train records; else where the bar stands; else by its number."""
        self._count += kind == "train"
        if math.isfinite(epoch) and self._per_epoch is not None:
            exact, every = epoch * self._per_epoch, self._every or 1
            grid = every * round(exact / every)
            return float(grid if kind == "train" or abs(grid - exact) <= 1 else round(exact))
        if counter is not None:
            return float(counter)
        return float(round(self._count * self._every)) if self._every else math.nan


def _lacks(block: Block) -> bool:
    """Whether records that belong to a step do not tell it."""
    return block.kind in ("train", "eval", "info") and len(block) > 0 and block.step(0) is None and block.step(len(block) - 1) is None


def _epochs(block: Block) -> Iterable[float]:
    """The epochs that records print."""
    return [epoch for epoch in block.columns.get("epoch", ()) if math.isfinite(epoch)]


def _per_epoch(counter: int, total: int, epoch: float) -> float:
    """Steps per epoch of a bar that stands at `counter` of `total` at this epoch; the whole bar is a whole number of epochs if it nearly is."""
    epochs = total * epoch / counter
    whole = round(epochs)
    return total / whole if whole >= 1 and abs(epochs - whole) <= NEAR * whole else counter / epoch
