"""Gradient clipping that acts at nearly every step (rule N7)."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.windows import Windows

LOT = 20
"""Records counted at a time."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A norm at or above `near` of the configured limit is clipped. More than `share` of the last `records` is yellow.

    The other way round nothing is raised: none in `never` records only says that clipping is not active.
    """

    near: float = 0.99
    share: float = 0.9
    records: int = 200
    never: int = 500


class ClipSaturation(Rule):
    """Keeps how many records of each lot were clipped."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lots = Windows(LOT)
        self._clipped: deque[int] = deque(maxlen=max(settings.records // LOT, 1))
        self._seen = 0
        self._ever = 0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a gradient norm and its limit (max_grad_norm)")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:
        """Only what holds a gradient norm."""
        return kind != "eval" and "grad_norm" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Count lot by lot."""
        norms = block.columns.get("grad_norm") if block.kind != "eval" else None
        if not norms:
            return ()
        first, limit = self._limit(block, 0, history), self._limit(block, -1, history)
        if not limit and not first:
            self._lots.skip(norms)
            return ()
        if limit and limit == first and not any(self._clipped) and self._highest(block) < self.settings.near * limit:
            return self._none(block, norms, limit)
        return list(self._count(block, history))

    def _highest(self, block: Block) -> float:
        """The highest norm of a block and of the lot that it ends; infinite where one is not a number."""
        extremes = block.extremes("grad_norm")
        return max(extremes[1], self._lots.highest) if extremes is not None else math.inf

    def _limit(self, block: Block, row: int, history: History) -> float | None:
        """The configured limit as it is known at a record."""
        history.plan.move(block, row % len(block))
        return history.plan.number("max_grad_norm")

    def _none(self, block: Block, norms: array[float], limit: float) -> list[tuple[int, Judgement]]:
        """No norm of a block is clipped, and none was of late: only the last lot is told."""
        lots, row = self._lots.skip(norms)
        if not lots:
            return []
        self._clipped.extend([0] * min(lots, self._clipped.maxlen or 1))
        self._seen += LOT * lots
        return [(row, self._judge(block, row, limit))]

    def _count(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        for row, values in self._lots.fill(block.columns["grad_norm"]):
            limit = self._limit(block, row, history)
            if not limit:
                continue
            count = sum(map((self.settings.near * limit).__le__, values))
            self._clipped.append(count)
            self._seen, self._ever = self._seen + LOT, self._ever + count
            yield row, self._judge(block, row, limit)

    def _judge(self, block: Block, row: int, limit: float) -> Judgement:
        s = self.settings
        if len(self._clipped) < (self._clipped.maxlen or 1):
            return pending(f"{self._seen} of the {s.records} records needed")
        share = sum(self._clipped) / (LOT * len(self._clipped))
        if share <= s.share:
            never = not self._ever and self._seen >= s.never
            words = (
                f"clipping at {figure(limit)} is not active" if never else f"{percent(share)} of the records are clipped at {figure(limit)}"
            )
            return ok(words, holds=Severity.YELLOW if share > s.share / 2 else None, negated=share < 1 - s.share)
        at = printed(block, "grad_norm", row)
        why = (
            f"{percent(share)} of the last {s.records} gradient norms are at or above the limit {figure(limit)}{place(at.step, at.epoch)}: the "
            "limit, and not the learning rate, sets the size of the steps"
        )
        return fired(Severity.YELLOW, why, (at,), f"less than {percent(s.share / 2)} clipped would withdraw it")


KIND = Kind(
    name="clip_saturation",
    summary="gradient clipping that acts at nearly every step",
    needs="a gradient norm and its limit",
    settings=Settings,
    make=ClipSaturation,
    ladder={Severity.YELLOW: "notify"},
)
