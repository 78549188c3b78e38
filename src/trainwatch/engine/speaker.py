"""Of ranks that each print to a file of their own, the one whose records count: all of them print the same run."""

from __future__ import annotations

import math
from collections.abc import Collection

from trainwatch.model.block import Block

ENOUGH = 8
"""Records of training after which a rank is believed although a lower one may still begin: Megatron prints on its last rank."""

PATIENCE = 60.0
"""Seconds after which a rank is believed with fewer records: all ranks take the same steps, so a lower one would have printed by then."""


class Speaker:
    """The ranks of one attempt. The lowest is believed at its first record of training; what the others print waits until then."""

    def __init__(self, ranks: Collection[int]) -> None:
        """`ranks` are all that have files, at least one."""
        self._first = min(ranks)
        self._waiting: dict[int, list[Block]] = {rank: [] for rank in ranks}
        self._since = math.nan
        self.chosen: int | None = None
        """Whose records count; None as long as that is not settled."""

    def is_mute(self, rank: int) -> bool:
        """Whether nothing of this rank will count any more."""
        return self.chosen is not None and rank != self.chosen

    def hear(self, rank: int, blocks: list[Block]) -> list[Block]:
        """What counts of the blocks of a rank, and of those that waited."""
        if self.chosen is not None:
            return blocks if rank == self.chosen else []
        waiting = self._waiting.setdefault(rank, [])
        waiting += blocks
        trained = sum(len(block) for block in waiting if block.kind == "train")
        return self._choose(rank) if trained >= (1 if rank == self._first else ENOUGH) else []

    def wait(self, now: float) -> list[Block]:
        """It is now `now`, in Unix seconds, and all that was printed so far has been heard; what counts of what waited too long."""
        trained = self._trained()
        if self.chosen is not None or not trained:
            return []
        self._since = now if math.isnan(self._since) else self._since
        return self._choose(min(trained)) if now - self._since >= PATIENCE else []

    def close(self) -> list[Block]:
        """Nothing more comes: the lowest rank that printed training, else the lowest that printed anything."""
        if self.chosen is not None:
            return []
        return self._choose(min(self._trained() or [rank for rank, blocks in self._waiting.items() if blocks] or [self._first]))

    def _trained(self) -> list[int]:
        """The ranks whose records of training wait."""
        return [rank for rank, blocks in self._waiting.items() if any(block.kind == "train" for block in blocks)]

    def _choose(self, rank: int) -> list[Block]:
        """Believe a rank from here on."""
        self.chosen, waiting = rank, self._waiting[rank]
        self._waiting = {}
        return waiting
