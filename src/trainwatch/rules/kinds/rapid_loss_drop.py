"""The train loss is next to nothing before the data was seen once (rule G11)."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed
from trainwatch.rules.noise import median

ENOUGH = 2
"""Findings of nothing in a row that say it: more would say the same, at every record."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The running median of three losses, as a share of the first one, within `epoch` of the first epoch.

    Orange asks for a loss of at most `loss` too. A run that begins at `start` or below has been trained before.
    """

    yellow: float = 0.10
    orange: float = 0.02
    loss: float = 0.05
    epoch: float = 0.25
    start: float = 0.5


class RapidLossDrop(Rule):
    """Keeps the first loss and the newest three, until a quarter of the first epoch is over."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._first: Evidence | None = None
        self._newest: deque[float] = deque(maxlen=3)
        self._done = False
        self._calm = 0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("too few train records yet")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:
        """Only train losses."""
        return kind == "train" and "loss" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Look at the beginning of the run."""
        if self._done or block.kind != "train" or "loss" not in block.columns:
            return ()
        if history.profile:
            self._done = True
            return [(0, suppressed(f"{history.profile}: the loss says nothing about progress"))]
        if self._is_plain(block):
            losses = block.columns["loss"]
            self._newest.extend(losses[-3:])
            self._calm += len(losses)
            return ()
        return list(self._rows(block, history))

    def _is_plain(self, block: Block) -> bool:
        """Whether a whole block of the beginning says, like the one before it, that the loss is far above a share of the first."""
        first, losses, epochs = self._first, block.extremes("loss"), block.extremes("epoch")
        if first is None or self._calm < ENOUGH or losses is None or epochs is None:
            return False
        far = 2 * self.settings.yellow * first.value
        return first.value > self.settings.start and epochs[1] <= self.settings.epoch and min(losses[0], *self._newest) > far

    def _rows(self, block: Block, history: History) -> Iterator[tuple[int, Judgement]]:
        for row, loss in enumerate(block.columns["loss"]):
            epoch = _epoch(block, row, history)
            if epoch is None or epoch > self.settings.epoch:
                self._done = True
                yield row, pending("no epoch is printed") if epoch is None else ok("the beginning is over", holds=Severity.ORANGE)
                return
            self._first = self._first or printed(block, "loss", row)
            self._newest.append(loss)
            if len(self._newest) < 3:
                continue
            found = self._judge(block, row, self._first, median(list(self._newest)))
            self._calm = self._calm + 1 if found.verdict.outcome == "ok" and found.holds is None else 0
            if self._calm <= ENOUGH:
                yield row, found

    def _judge(self, block: Block, row: int, first: Evidence, now: float) -> Judgement:
        s = self.settings
        if not first.value > s.start:
            return ok("the run begins with a low loss: it has been trained before")
        left = now / first.value
        if not left <= s.yellow:
            return ok("the train loss falls as losses do", holds=Severity.YELLOW if left <= 2 * s.yellow else None)
        severity = Severity.ORANGE if left <= s.orange and now <= s.loss else Severity.YELLOW
        at = printed(block, "loss", row)
        why = (
            f"train loss {figure(now)}{place(at.step, at.epoch)} is {percent(left)} of the first, {figure(first.value)}, before the data was "
            "seen once. That is not overfitting: look for answers in the inputs, a loss over padding or very few tokens, duplicated data, "
            "a wrong mask, a wrong scale; an evaluation now would tell"
        )
        return fired(severity, why, (at, first), "an evaluation as good as the train loss")


def _epoch(block: Block, row: int, history: History) -> float | None:
    """The epoch of a record, printed or from its step."""
    epoch, step, length = block.epoch(row), block.step(row), history.plan.number("steps_per_epoch")
    return step / length if epoch is None and step is not None and length else epoch


KIND = Kind(
    name="rapid_loss_drop",
    summary="the train loss is next to nothing before the data was seen once",
    needs="a train loss with epochs",
    settings=Settings,
    make=RapidLossDrop,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    lasting=True,
)
