"""Rules that judge how a run is configured, before it has got anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from trainwatch.model.block import Block
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Rule, pending


class Configured(Rule):
    """Judges at the first train record, and with every evaluation what was found since. Keeps whether it has looked."""

    def __init__(self) -> None:
        self._looked = False

    def judge(self, history: History) -> Judgement:
        """What the configuration says, as far as it is known."""
        raise NotImplementedError

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("no record yet")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Judge at the first train record."""
        if self._looked or block.kind != "train":
            return ()
        self._looked = True
        history.plan.move(block, 0)
        return [(0, self.judge(history))]

    def evaluated(self, history: History) -> Judgement:
        """Judge again."""
        return self.judge(history)
