"""Device memory that runs out, is nearly full, or grows towards it (rule T5)."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import combinations

from trainwatch.model.block import Block
from trainwatch.model.inputs import Sample
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import percent, place, seconds
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.noise import Trend, median

POINTS = 60
"""Newest points through which growth is measured."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares of the memory of the fullest device.

    `full` is yellow. Growth is judged on the highest of every `every` seconds: a trend of `trend` (Mann-Kendall z) that reaches the end
    of the memory before `horizon` seconds have passed is orange. An out-of-memory error in the log is red.
    """

    full: float = 0.95
    every: float = 30.0
    trend: float = 3.29
    horizon: float = 21600.0


class OutOfMemory(Rule):
    """Keeps the highest share of each stretch of time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._points: deque[tuple[float, float]] = deque(maxlen=POINTS)
        self._since = math.nan
        self._highest = 0.0
        self._dead: Evidence | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("the memory of devices")

    def noticed(self, block: Block, history: History) -> Judgement | None:  # noqa: ARG002
        """An error stands in the log."""
        texts = block.texts[0] if block.texts else {}
        if texts.get("event") != "out_of_memory":
            return None
        step, epoch = block.step(0), block.epoch(0)
        self._dead = Evidence("out_of_memory", math.nan, step, epoch, block.source, block.attempt, block.line(0))
        why = f"the log says that a device is out of memory{place(step, epoch)}: smaller batches, more accumulation, or checkpointed activations"
        return fired(Severity.RED, why, (self._dead,), "steps that go on would withdraw it")

    def progress(self, step: int, at: float) -> Judgement | None:  # noqa: ARG002
        """The job has survived."""
        if self._dead is None or (self._dead.step is not None and step <= self._dead.step):
            return None
        self._dead = None
        return ok("steps go on", negated=True)

    def sampled(self, sample: Sample) -> Judgement | None:
        """Judge the fullest device."""
        shares = [g.memory_used / g.memory_total for g in sample.gpus if g.memory_used is not None and g.memory_total]
        if not shares or self._dead is not None:
            return None
        share = max(shares)
        self._note(sample.at, share)
        left = self._left()
        if left is not None and left <= self.settings.horizon:
            why = f"device memory grows steadily and is at {percent(share)}: at this pace it is full in {seconds(left)}"
            return fired(Severity.ORANGE, why, (), "memory that stops growing would withdraw it")
        if share > self.settings.full:
            why = f"{percent(share)} of a device's memory is used: one longer batch may be too much"
            return fired(Severity.YELLOW, why, (), f"less than {percent(self.settings.full)} would withdraw it")
        return ok(f"{percent(share)} of a device's memory is used")

    def _note(self, at: float, share: float) -> None:
        """Keep the highest of each stretch."""
        if math.isnan(self._since):
            self._since = at
        if at - self._since >= self.settings.every:
            self._points.append((self._since, self._highest))
            self._since, self._highest = at, 0.0
        self._highest = max(self._highest, share)

    def _left(self) -> float | None:
        """Seconds until the memory is full, at the pace of late; None where it does not grow."""
        if len(self._points) < 10 or self._points[0][1] >= self._points[-1][1]:
            return None
        trend = Trend()
        for _, share in self._points:
            trend.add(share)
        if trend.z <= self.settings.trend:
            return None
        slope = median([(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(self._points, 2) if x2 > x1])
        return (1 - self._points[-1][1]) / slope if slope > 0 else None


KIND = Kind(
    name="out_of_memory",
    summary="device memory that runs out, is nearly full, or grows towards it",
    needs="the memory of devices",
    settings=Settings,
    make=OutOfMemory,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify", Severity.RED: "notify"},
    clear_after=3,
    lasting=True,
)
