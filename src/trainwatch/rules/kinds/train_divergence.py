"""The train loss runs away (rule N3)."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
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
from trainwatch.rules.noise import NOISE_WINDOW, SHOWN, Resolution, Trend, median, noise, relative


@dataclass(frozen=True, slots=True)
class Settings:
    """Train records are judged in windows of `window` records, `share` of the run where that is more (`window_most` at most).

    It diverges when the median of a window is `rise` above the best one so far, or `over_start` above the first one after `start_share`
    of the run, or above the loss of guessing (ln of the vocabulary, plus one); when three windows agree or the trend over them is `trend`
    (Mann-Kendall z); and when it is not coming back. A learning rate that rose by `rate_rise` (a restart) silences it for three windows.
    """

    window: int = 5
    window_most: int = 200
    share: float = 0.01
    rise: float = 0.5
    over_start: float = 0.2
    start_share: float = 0.05
    trend: float = 2.58
    rate_rise: float = 0.2


class TrainDivergence(Rule):
    """Keeps the newest three windows, the best and the first median."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._now: list[float] = []
        self._size = settings.window
        self._windows: deque[list[float]] = deque(maxlen=3)
        self._worse: deque[bool] = deque(maxlen=3)
        self._count = 0
        self._records = 0
        self._first = math.nan
        self._best = math.inf
        self._best_at: Evidence | None = None
        self._rate: float | None = None
        self._quiet = 0
        self._calm = False
        self._resolution = Resolution()

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("too few train records yet")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:
        """Only train losses."""
        return kind == "train" and "loss" in columns

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Fill windows; judge each when it is full."""
        losses = block.columns.get("loss") if block.kind == "train" else None
        return list(self._fill(block, losses, history)) if losses is not None else ()

    def went_back(self, *, anew: bool) -> None:  # noqa: ARG002
        """What follows is compared with itself."""
        self._now.clear()
        self._windows.clear()
        self._worse.clear()
        self._count, self._calm = 0, False
        self._first, self._best, self._best_at = math.nan, math.inf, None

    def _fill(self, block: Block, losses: array[float], history: History) -> Iterator[tuple[int, Judgement]]:
        column, row = losses.tolist(), 0
        if self._is_even(block, history):
            yield from self._pass_over(block, column)
            return
        while row < len(column):
            take = min(self._size - len(self._now), len(column) - row)
            self._now += column[row : row + take]
            row += take
            if len(self._now) == self._size:
                yield row - 1, self._close(block, row - 1, history)

    def _is_even(self, block: Block, history: History) -> bool:
        """Whether no window that these losses complete can be too high, and the one before them was not: then only the last is told.

        Where the length of the run is known, windows are long and few, and each is looked at.
        """
        if not self._calm or history.profile or self._quiet or any(self._worse) or self._count * self._size < SHOWN:
            return False
        extremes = block.extremes("loss")
        if extremes is None or not math.isfinite(sum(self._now)):
            return False
        low, high = min(self._best, extremes[0], *self._now), max((extremes[1], *self._now))
        if low <= 0 or high > (1 + self.settings.rise) * low:
            return False
        history.plan.move(block, len(block) - 1)
        if high > (1 + self.settings.over_start) * self._first or history.plan.number("total_steps") or history.plan.number("vocab_size"):
            return False
        return self._rate_holds(block)

    def _rate_holds(self, block: Block) -> bool:
        """Whether no learning rate of a block can have risen by much, also from the one before."""
        rates = block.extremes("learning_rate")
        if rates is None:
            return "learning_rate" not in block.columns
        low, high = (min(rates[0], self._rate), max(rates[1], self._rate)) if self._rate is not None else rates
        return high <= (1 + self.settings.rate_rise) * low

    def _pass_over(self, block: Block, column: list[float]) -> Iterator[tuple[int, Judgement]]:
        """Take in windows of which none is too high."""
        values, size, held = self._now + column, self._size, len(self._now)
        count = len(values) // size
        if not count:
            self._now = values
            return
        self._now = values[count * size :]
        if held or 2 * bisect_left(block.ordered("loss"), self._best) >= size:  # half of a window must be below the best
            middles = _medians(values, size)
            lowest = min(middles)
            if lowest < self._best:
                self._best, self._best_at = lowest, printed(block, "loss", (middles.index(lowest) + 1) * size - held - 1)
        self._count += count
        self._records += count * size
        self._windows.extend(values[i * size : (i + 1) * size] for i in range(max(count - 3, 0), count))
        self._worse.extend([False] * min(count, 3))
        rates, end = block.columns.get("learning_rate"), count * size - held - 1
        self._rate = rates[end] if rates is not None else None
        yield end, _even(median(self._windows[-1]))

    def _close(self, block: Block, row: int, history: History) -> Judgement:
        """A window is full."""
        history.plan.move(block, row)
        values = self._now if math.isfinite(sum(self._now)) else [v for v in self._now if math.isfinite(v)]
        step, total = block.step(row), history.plan.steps_at("total_steps", block, row)
        self._records += len(self._now)
        self._now = []
        if step and total:
            share = self.settings.share * total * self._records / step
            self._size = min(max(self.settings.window, math.ceil(share)), self.settings.window_most)
        if not values:
            return pending("no finite train loss")
        self._count += 1
        self._resolution.show(values)
        self._watch_rate(block, row)
        judgement = self._judge(block, row, values, history)
        self._calm = judgement.negated
        self._windows.append(values)
        return judgement

    def _watch_rate(self, block: Block, row: int) -> None:
        """A learning rate that rises is a restart, or warm-up."""
        rates = block.columns.get("learning_rate")
        rate = rates[row] if rates is not None and math.isfinite(rates[row]) else None
        self._quiet = max(self._quiet - 1, 0)
        if rate is not None and self._rate is not None and rate > (1 + self.settings.rate_rise) * self._rate:
            self._quiet = 3
        self._rate = rate

    def _judge(self, block: Block, row: int, values: list[float], history: History) -> Judgement:
        """The verdict on a window, against those before it."""
        middle = median(values)
        against = self._against(middle, values, history, under_way=self._under_way(block, row, history))
        if self._count == 1:
            self._first = middle
        if middle < self._best:
            self._best = middle
            self._best_at = printed(block, "loss", row)
        self._worse.append(bool(against))
        if history.profile:
            return suppressed(f"{history.profile}: the loss says nothing about progress")
        if self._quiet:
            return suppressed("the learning rate rises")
        if not against:
            return _even(middle)
        recent = [v for window in self._windows for v in window] + values
        if not (self._climbs(recent) or (len(self._worse) == 3 and all(self._worse))) or _comes_back(values):
            return ok(
                f"the train loss is high ({figure(middle)}), but not running away", holds=Severity.RED if not _comes_back(values) else None
            )
        return self._found(block, row, middle, against)

    def _under_way(self, block: Block, row: int, history: History) -> bool:
        """Whether so much of the run is over that its loss should be below the first."""
        step, total = block.step(row), history.plan.steps_at("total_steps", block, row)
        return step >= self.settings.start_share * total if step is not None and total else self._count > 20

    def _against(self, middle: float, values: list[float], history: History, *, under_way: bool) -> str:
        """What the window's median is too far above of; empty when of nothing."""
        s = self.settings
        if self._count <= 3:
            return ""
        above = self._above(middle, self._best, values, s.rise)
        if above > s.rise:
            return f"{percent(above)} above the best, {figure(self._best)}"
        size = history.plan.number("vocab_size")
        above = self._above(middle, self._first, values, s.over_start) if under_way else 0.0
        if above > s.over_start:
            return f"{percent(above)} above the first, {figure(self._first)}"
        guessing = math.log(size) + 1 if size and size > 1 else math.inf
        return f"worse than guessing, {figure(guessing - 1)}" if middle > guessing >= self._first else ""

    def _above(self, middle: float, reference: float, values: list[float], limit: float) -> float:
        """How far a window is above a reference; 0 where it is not above `limit` however little the losses scatter."""
        if not middle - reference > limit * abs(reference):
            return 0.0
        older = [v for window in self._windows for v in window] if len(values) < NOISE_WINDOW else []
        return relative(middle, reference, noise(older + values) or 0.0, self._resolution.half_unit)

    def _climbs(self, values: list[float]) -> bool:
        """Whether the newest three windows rise."""
        trend = Trend()
        for value in values:
            trend.add(value)
        return trend.z > self.settings.trend

    def _found(self, block: Block, row: int, middle: float, against: str) -> Judgement:
        """The sentence."""
        step, epoch = block.step(row), block.epoch(row)
        why = f"the train loss runs away: the median of the last {self._size} records{place(step, epoch)} is {figure(middle)}, {against}"
        evidence = [e for e in (printed(block, "loss", row), self._best_at) if e is not None]
        return fired(Severity.RED, why, evidence, "train losses that fall back to where they were")


def _medians(values: list[float], size: int) -> list[float]:
    """The median of each whole window."""
    windows, half = map(sorted, zip(*[iter(values)] * size, strict=False)), size // 2
    if size % 2:
        return [window[half] for window in windows]
    return [(window[half - 1] + window[half]) / 2 for window in windows]


def _even(middle: float) -> Judgement:
    """A window that is not too high."""
    return ok(f"the train loss is {figure(middle)}", negated=True)


def _comes_back(values: list[float]) -> bool:
    """Whether a window falls from its first half to its second."""
    half = len(values) // 2
    return half > 0 and median(values[half:]) < median(values[:half])


KIND = Kind(
    name="train_divergence",
    summary="the train loss runs away",
    needs="a train loss",
    settings=Settings,
    make=TrainDivergence,
    ladder={Severity.RED: "stop"},
    proof="existing",
    stop_by_default=True,
    confirm=2,
    phase="unstable",
)
