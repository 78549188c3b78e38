"""The last step of each epoch is made of much less data than the others (rule C2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending


@dataclass(frozen=True, slots=True)
class Settings:
    """The last step of an epoch with less than `tail` of a full step's data, where such steps are at least `share` of all."""

    tail: float = 0.5
    share: float = 0.1


class AccumulationTail(Rule):
    """Keeps the steps and epochs of the first epoch, which must be printed step by step."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._step = 0
        self._epoch = 0.0
        self._full = 0.0
        self._done = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("too few train records yet")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Follow the first epoch."""
        return list(self._rows(block, history)) if block.kind == "train" and not self._done else ()

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        for row in range(len(block)):
            step, epoch = block.step(row), block.epoch(row)
            if step != self._step + 1 or epoch is None or self._step > 1 / self.settings.share:
                self._done = True
                yield row, pending("the first epoch is not printed step by step, or is long")
                return
            part, self._step, self._epoch = epoch - self._epoch, step, epoch
            self._full = max(self._full, part)
            if epoch >= 1:
                self._done = True
                history.plan.move(block, row)
                yield row, self._judge(block, row, part, history)
                return

    def _judge(self, block: Block, row: int, part: float, history: History) -> Judgement:
        s, share = self.settings, 1 / self._step
        left = part / self._full if self._full > 0 else 1.0
        if left >= s.tail or share < s.share or self._step < 2:
            return ok("the steps of an epoch are about equal")
        accumulated = history.plan.number("gradient_accumulation_steps")
        of = f" ({figure(round(left * accumulated))} of {figure(accumulated)} micro-batches)" if accumulated else ""
        why = (
            f"the last step of an epoch holds {percent(left)} of the data of the others{of}, and it is {percent(share)} of all steps: the "
            "effective batch is smaller than configured there"
        )
        return fired(Severity.YELLOW, why, (printed(block, "epoch", row),), "an epoch that the accumulated batch divides")


KIND = Kind(
    name="accumulation_tail",
    summary="the last step of each epoch is made of much less data than the others",
    needs="steps and epochs, step by step",
    settings=Settings,
    make=AccumulationTail,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
