"""Single train losses far above the rest (rule N2)."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending, suppressed
from trainwatch.rules.noise import deviation, median, noise

REFRESH = 32
"""Records after which the limit is computed anew: a limit per record would cost more than reading the log."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Counts are records. A spike is above the median of the last `window` by `factor` deviations, and by `share` of the median.

    Below a median of `small` (logarithmic losses) the share gives way to ten times the noise. More than `row` in a row, or more than
    `many` in the last `span` records, are orange. It is over after `window` records without one.
    """

    window: int = 128
    factor: float = 6.0
    share: float = 0.5
    small: float = 0.1
    row: int = 5
    many: int = 5
    span: int = 1000


class LossSpike(Rule):
    """Keeps the newest losses, and where the spikes were."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._losses: deque[float] = deque(maxlen=settings.window)
        self._records = 0
        self._limit = math.inf
        self._middle = 0.0
        self._spikes: deque[int] = deque()
        self._in_row = 0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("no train record yet")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Compare whole stretches with the limit; look at single records only where one is above."""
        losses = block.columns.get("loss") if block.kind == "train" else None
        if losses is None:
            return ()
        if history.profile:
            return [(0, suppressed(f"{history.profile}: the loss says nothing about progress"))]
        return list(self._stretches(block, losses))

    def went_back(self, *, anew: bool) -> None:  # noqa: ARG002
        """What follows is compared with itself."""
        self._losses.clear()
        self._limit = math.inf
        self._records -= self._records % REFRESH

    def _stretches(self, block: Block, losses: array[float]) -> Iterator[tuple[int, Judgement]]:
        row = 0
        while row < len(losses):
            end = min(row + REFRESH - self._records % REFRESH, len(losses))
            stretch = losses[row:end]
            if self._spikes or not max(stretch) <= self._limit:
                yield from self._look(block, losses, row, end)
            else:
                self._records += end - row
            self._losses.extend(stretch)
            row = end
            if self._records % REFRESH == 0:
                self._refresh()

    def _look(self, block: Block, losses: array[float], start: int, end: int) -> Iterator[tuple[int, Judgement]]:
        """Record by record."""
        for row in range(start, end):
            self._records += 1
            while self._spikes and self._spikes[0] <= self._records - self.settings.span:
                self._spikes.popleft()
            if losses[row] > self._limit:
                self._spikes.append(self._records)
                self._in_row += 1
                yield row, self._found(block, row, losses[row])
                continue
            self._in_row = 0
            if self._spikes and self._records - self._spikes[-1] == self.settings.window:
                yield row, ok(f"no spike in the last {self.settings.window} records", negated=True)

    def _refresh(self) -> None:
        """The limit for the next stretch."""
        s = self.settings
        values = [v for v in self._losses if math.isfinite(v)]
        if len(values) < 20:
            return
        self._middle = median(values)
        least = s.share * abs(self._middle) if abs(self._middle) >= s.small else 10 * (noise(values) or 0.0)
        self._limit = self._middle + max(s.factor * deviation(values, self._middle), least)

    def _found(self, block: Block, row: int, loss: float) -> Judgement:
        """The sentence."""
        s, count = self.settings, len(self._spikes)
        step, epoch = block.step(row), block.epoch(row)
        why = f"train loss {figure(loss)}{place(step, epoch)} stands out from a median of {figure(self._middle)}"
        severity = Severity.YELLOW
        if self._in_row > s.row:
            severity, why = Severity.ORANGE, f"{why}, {self._in_row} records in a row"
        elif count > s.many:
            severity, why = Severity.ORANGE, f"{why}, {count} times in the last {s.span} records"
        evidence = Evidence("loss", loss, step, epoch, block.source, block.attempt, block.line(row))
        return fired(severity, why, (evidence,), f"{s.window} records without another would withdraw it")


KIND = Kind(
    name="loss_spike",
    summary="train losses far above the rest, singly or often",
    needs="a train loss",
    settings=Settings,
    make=LossSpike,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
