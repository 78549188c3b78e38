"""Single train losses far above the rest (rule N2)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, fired, suppressed
from trainwatch.rules.noise import deviation, median, noise
from trainwatch.rules.spikes import Spikes


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


class LossSpike(Spikes):
    """Looks at train losses."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.window, settings.span)
        self.settings = settings

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only train records hold a train loss."""
        return kind == "train"

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Only train records hold a train loss."""
        if block.kind != "train":
            return ()
        if history.profile:
            return [(0, suppressed(f"{history.profile}: the loss says nothing about progress"))]
        return super().records(block, history)

    def limit(self, values: list[float]) -> float:
        """Above the median by so many deviations, and by a share of it."""
        s, ordered = self.settings, sorted(values)
        self.middle = median(ordered)
        least = s.share * abs(self.middle) if abs(self.middle) >= s.small else 10 * (noise(values) or 0.0)
        return self.middle + max(s.factor * deviation(ordered, self.middle), least)

    def least(self, lowest: float) -> float:
        """The lowest and a share of it, where no median can be small."""
        return lowest + self.settings.share * lowest if lowest >= self.settings.small else -math.inf

    def found(self, block: Block, row: int) -> Judgement:
        """The sentence."""
        s, evidence = self.settings, printed(block, "loss", row)
        why = f"train loss {figure(evidence.value)}{place(evidence.step, evidence.epoch)} stands out from a median of {figure(self.middle)}"
        severity = Severity.YELLOW
        if self.in_row > s.row:
            severity, why = Severity.ORANGE, f"{why}, {self.in_row} records in a row"
        elif self.count > s.many:
            severity, why = Severity.ORANGE, f"{why}, {self.count} times in the last {s.span} records"
        return fired(severity, why, (evidence,), f"{s.window} records without another would withdraw it")


KIND = Kind(
    name="loss_spike",
    summary="train losses far above the rest, singly or often",
    needs="a train loss",
    settings=Settings,
    make=LossSpike,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
