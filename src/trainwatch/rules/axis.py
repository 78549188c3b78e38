"""The step axis of the train records: where it goes back, something begins again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, pairwise
from operator import gt

from trainwatch.model.block import Block


class Axis:
    """The first and the newest printed step of the train records; NaN before any."""

    def __init__(self) -> None:
        self.first = math.nan
        self.newest = math.nan

    def split(self, block: Block) -> Iterator[tuple[Block, bool]]:
        """A block in parts whose steps only rise, each with whether it goes back from what was before."""
        steps = block.columns.get("step")
        if not steps or block.kind != "train":
            yield block, False
            return
        cuts = [0, len(steps)]
        if any(map(gt, steps, islice(steps, 1, None))):
            cuts[1:1] = [i for i, (a, b) in enumerate(pairwise(steps), 1) if a > b]
        for start, end in pairwise(cuts):
            part = block if end - start == len(steps) else _rows(block, start, end)
            yield part, steps[start] < self.newest

    def move(self, block: Block) -> None:
        """Take note of a part."""
        steps = block.columns.get("step")
        if not steps or block.kind != "train":
            return
        if not self.first <= steps[0]:
            self.first = steps[0]
        self.newest = steps[-1]


def _rows(block: Block, start: int, end: int) -> Block:
    """The records [start, end) of a block that prints its steps."""
    columns = {name: column[start:end] for name, column in block.columns.items()}
    offsets, texts = block.offsets[start:end], block.texts[start:end] if block.texts else ()
    return Block(
        block.kind,
        block.source,
        block.attempt,
        block.format,
        columns,
        offsets,
        block.locator,
        texts,
        block.derived,
        block.seen_at,
        block.zero_rate,
    )
