"""The reward no longer rises, or falls back (reinforcement learning)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.rewards import REWARDS
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.noise import deviation, median, trend
from trainwatch.rules.rewards import LOT
from trainwatch.rules.windows import Windows


@dataclass(frozen=True, slots=True)
class Settings:
    """Judged after `records`, by the medians of `lot` records each. Orange: the reward has fallen by `fall` of its rise, with a trend of `trend` (Mann-Kendall z) since its best.

    Yellow: over the newest `flat` records it shows no trend upwards.
    """

    metrics: tuple[str, ...] = REWARDS
    lot: int = LOT
    records: int = 50
    flat: int = 500
    fall: float = 0.5
    trend: float = 2.58


class RewardTrend(Rule):
    """Keeps the medians of lots of records."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._windows = Windows(settings.lot)
        self._lots: list[tuple[float, Evidence]] = []
        self._known = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a reward")

    def went_back(self, *, anew: bool) -> None:
        """A new start knows nothing yet."""
        self._windows.clear()
        if anew:
            self._lots.clear()

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds the metric."""
        return any(name in columns for name in self.settings.metrics)

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Judge lot by lot."""
        name = next((n for n in self.settings.metrics if n in block.columns), "")
        if not name:
            return ()
        known, self._known = self._known, True
        return [*([] if known else [(0, pending("too few records"))]), *self._judged(block, name)]

    def _judged(self, block: Block, name: str) -> Iterator[tuple[int, Judgement]]:
        for row, values in self._windows.fill(block.columns[name]):
            if values:
                self._lots.append((median(values), printed(block, name, row)))
                yield row, self._judge(name)

    def _judge(self, name: str) -> Judgement:
        s, values = self.settings, [v for v, _ in self._lots]
        if len(values) * s.lot < s.records:
            return pending(f"{len(values) * s.lot} of the {s.records} records needed")
        best = max(range(len(values)), key=values.__getitem__)
        rise = values[best] - min(values[: best + 1])
        now, at = self._lots[-1]
        if rise > 0 and values[best] - now > s.fall * rise and trend(values[best:]) < -s.trend:
            why = (
                f"{name} falls: {figure(now)}{place(at.step, at.epoch)} after {figure(values[best])}{place(self._lots[best][1].step, None)}"
            )
            return fired(Severity.ORANGE, why, (at, self._lots[best][1]), "a reward that rises again")
        late = values[-s.flat // s.lot :]
        if len(values) * s.lot >= s.flat and trend(late) <= 0 and max(late) - min(late) < 6 * (deviation(late, median(late)) or 1.0):
            why = f"{name} has not risen over the last {s.flat} records{place(at.step, at.epoch)}: it stands at {figure(median(late))}"
            return fired(Severity.YELLOW, why, (at,), "a trend upwards")
        return ok(f"{name} is {figure(now)}", negated=best == len(values) - 1)


KIND = Kind(
    name="reward_trend",
    summary="the reward no longer rises, or falls back",
    needs="a reward",
    settings=Settings,
    make=RewardTrend,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
