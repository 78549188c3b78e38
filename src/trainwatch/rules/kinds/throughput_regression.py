"""The run has become slower than it was (rule T1)."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.noise import median
from trainwatch.rules.windows import Windows

SPEEDS = ("tokens_per_second", "samples_per_second", "step_time")
"""Columns that tell the speed, the first that is there; the last one is its inverse."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares of the best speed: medians of `window` records, the best of them over `best` windows; the first `skipped` records do not count.

    It must last for two windows and `seconds` (where arrival times are known). Without a speed in the log the steps that arrive give it.
    """

    yellow: float = 0.75
    orange: float = 0.5
    window: int = 50
    best: int = 4
    skipped: int = 5
    seconds: float = 300.0


class ThroughputRegression(Rule):
    """Keeps the medians of the newest windows, and the best one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._windows = Windows(settings.window)
        self._name = ""
        self._left = settings.skipped
        self._medians: deque[float] = deque(maxlen=max(settings.best, 1))
        self._best = 0.0
        self._slow = 0
        self._slow_at = math.nan
        self._step: int | None = None
        self._at = math.nan
        self._interrupted = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a speed in the log, or arrival times")

    def went_back(self, *, anew: bool) -> None:  # noqa: ARG002
        """A resume may run on other devices: compare it with itself."""
        self._windows.clear()
        self._medians.clear()
        self._best, self._slow, self._left = 0.0, 0, self.settings.skipped

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Judge window by window."""
        if block.kind == "eval":
            self._interrupted = True
            return ()
        name = self._name or next((n for n in SPEEDS if n in block.columns), "")
        column = block.columns.get(name)
        if not column:
            return ()
        first = [] if self._name else [(0, ok("too little of the run has been seen to compare"))]
        self._name = name
        return [*first, *self._look(block, column)]

    def _look(self, block: Block, column: array[float]) -> Iterator[tuple[int, Judgement]]:
        skip, self._left = min(self._left, len(column)), max(self._left - len(column), 0)
        even: tuple[int, float] | None = None
        for row, values in self._windows.fill(column[skip:] if skip else column):
            if not values:
                continue
            at, speed = row + skip, self._speed(median(values))
            if not self._slow and self._is_even(speed):
                even = at, self._keep(speed)
                continue
            even = None
            yield at, self._judge(speed, block.seen_at, printed(block, self._name, at))
        if even is not None:
            yield even[0], _as_before(even[1])

    def _is_even(self, speed: float) -> bool:
        """Whether a window is about as fast as the best stretch."""
        return not self._best or speed / self._best >= self.settings.yellow

    def _keep(self, speed: float) -> float:
        """Take in such a window; returns its share of the best stretch before it."""
        share = speed / self._best if self._best else 1.0
        self._medians.append(speed)
        if len(self._medians) == self._medians.maxlen:
            self._best = max(self._best, median(list(self._medians)))
        return share

    def _speed(self, value: float) -> float:
        """Higher is faster."""
        return value if self._name != "step_time" else 1 / value if value > 0 else 0.0

    def noticed(self, block: Block, history: History) -> None:  # noqa: ARG002
        """A save or a resume lies in the current gap."""
        self._interrupted = True

    def progress(self, step: int, at: float) -> Judgement | None:
        """Steps that arrive tell the speed where the log does not."""
        if self._name in SPEEDS or not math.isfinite(at):
            return None
        before, since, calm = self._step, self._at, not self._interrupted
        self._step, self._at, self._interrupted = step, at, False
        if before is None or step <= before or at <= since or not calm:
            return None
        if self._left:
            self._left -= 1
            return None
        for _, values in self._windows.fill(array("d", [(step - before) / (at - since)])):
            return self._judge(median(values), at, Evidence("step", float(step), step))
        return None

    def _judge(self, speed: float, at: float, evidence: Evidence) -> Judgement:
        """Compare a window with the best stretch before it."""
        if self._is_even(speed):
            self._slow = 0
            return _as_before(self._keep(speed))
        s, share = self.settings, speed / self._best
        self._slow += 1
        self._slow_at = at if self._slow == 1 else self._slow_at
        words = f"the run goes at {percent(share)} of its best speed{place(evidence.step, evidence.epoch)}"
        if self._slow < 2 or at - self._slow_at < s.seconds:
            return ok(f"{words}, not for long yet", holds=Severity.ORANGE)
        best = 1 / self._best if self._name == "step_time" else self._best
        now = 1 / speed if self._name == "step_time" and speed else speed
        why = f"{words}: {self._name or 'steps per second'} {figure(now)} over {s.window} records, {figure(best)} at best"
        severity = Severity.ORANGE if share < s.orange else Severity.YELLOW
        return fired(severity, why, (evidence,), f"a window at {percent(s.yellow)} of the best speed would withdraw it")


def _as_before(share: float) -> Judgement:
    """Nothing has become slower."""
    return ok(f"the speed is {percent(share)} of the best", negated=True)


KIND = Kind(
    name="throughput_regression",
    summary="the run has become slower than it was",
    needs="a speed in the log, or arrival times",
    settings=Settings,
    make=ThroughputRegression,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
