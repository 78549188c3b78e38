"""Gradient norms far above the rest (rule N5)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.kind import Judgement, Kind, blind, fired
from trainwatch.rules.noise import deviation, median
from trainwatch.rules.spikes import Spikes


@dataclass(frozen=True, slots=True)
class Settings:
    """Counts are records. A norm stands out above the median of the last `window` by `factor` deviations, and by `times` the median.

    `many` in the last `span` records, or one `huge` times the median, are orange. A norm that is not a number belongs to non_finite.
    """

    window: int = 200
    factor: float = 10.0
    times: float = 5.0
    many: int = 3
    span: int = 100
    huge: float = 100.0


class ExplodingGradient(Spikes):
    """Looks at gradient norms, as printed: before clipping in most frameworks."""

    column = "grad_norm"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.window, settings.span)
        self.settings = settings

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a gradient norm")

    def limit(self, values: list[float]) -> float:
        """Above the median by so many deviations, and by so many times."""
        ordered = sorted(values)
        self.middle = median(ordered)
        return max(self.middle + self.settings.factor * deviation(ordered, self.middle), self.settings.times * self.middle)

    def least(self, lowest: float) -> float:
        """So many times the lowest."""
        return self.settings.times * lowest

    def found(self, block: Block, row: int) -> Judgement:
        """The sentence."""
        s, evidence = self.settings, printed(block, "grad_norm", row)
        times = evidence.value / self.middle if self.middle > 0 else float("inf")
        why = f"grad_norm {figure(evidence.value)}{place(evidence.step, evidence.epoch)} is {figure(times, 3)} times its median {figure(self.middle)}"
        often = self.count >= s.many
        if often:
            why += f", {self.count} times in the last {s.span} records"
        severity = Severity.ORANGE if often or times > s.huge else Severity.YELLOW
        return fired(severity, why, (evidence,), f"{s.window} records without another would withdraw it")


KIND = Kind(
    name="exploding_gradient",
    summary="gradient norms far above the rest",
    needs="a gradient norm",
    settings=Settings,
    make=ExplodingGradient,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
