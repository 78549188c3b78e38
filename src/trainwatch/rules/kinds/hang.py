"""No step forward for much longer than steps take (rule T2)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.inputs import Sample
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.figures import seconds
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending

GAPS = 500
"""Newest gaps between steps from which the timeout is learnt."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are in seconds.

    The timeout is `factor` times the 99th percentile of the gaps between steps, between `least` and `most`, and at least `long_factor`
    times the longest gap with an evaluation or a save in it; it is `most` before `skipped` gaps were seen. Red is twice the timeout.
    A device that is busier than `busy` (0 to 1) but not at `full` load keeps it orange. Output that arrives in lots of `lot` records
    or more, `lot_pause` apart, comes through a buffer: then nothing can be told.
    """

    factor: float = 5.0
    long_factor: float = 2.0
    least: float = 120.0
    most: float = 1800.0
    skipped: int = 5
    busy: float = 0.05
    full: float = 0.99
    lot: int = 5
    lot_pause: float = 2.0


class Hang(Rule):
    """Keeps the newest step, when it came, and how long steps took."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._step: int | None = None
        self._at = math.nan
        self._count = 0
        self._gaps: deque[float] = deque(maxlen=GAPS)
        self._long = 0.0
        self._interrupted = False
        self._lot_at = math.nan
        self._lot = 0
        self._lots: deque[bool] = deque(maxlen=3)
        self._load: float | None = None

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("arrival times")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Note evaluations, and how many records arrive at once."""
        at = block.seen_at
        if block.kind == "eval":
            self._interrupted = True
        elif at == self._lot_at:
            self._lot += len(block)
        elif math.isfinite(at):
            if math.isfinite(self._lot_at):
                self._lots.append(self._lot >= self.settings.lot and at - self._lot_at >= self.settings.lot_pause)
            self._lot_at, self._lot = at, len(block)
        return ()

    def noticed(self, block: Block, history: History) -> None:  # noqa: ARG002
        """A save or a resume lies in the current gap."""
        self._interrupted = True

    def sampled(self, sample: Sample) -> None:
        """Note how busy the busiest device is."""
        loads = [gpu.utilisation for gpu in sample.gpus if gpu.utilisation is not None]
        self._load = max(loads) if loads else None

    def progress(self, step: int, at: float) -> Judgement | None:
        """Learn how long a step takes."""
        if not math.isfinite(at):
            return None
        if self._step is not None and step <= self._step:
            if step < self._step:
                self._step, self._at, self._interrupted = step, at, False
            return None
        if self._step is not None:
            self._gap(at - self._at)
        self._step, self._at, self._interrupted = step, at, False
        return ok(f"step {step} has arrived", negated=True)

    def _gap(self, gap: float) -> None:
        """Learn from one gap between steps."""
        self._count += 1
        if self._interrupted:
            self._long = max(self._long, gap)
        elif self._count > self.settings.skipped:
            self._gaps.append(gap)

    @property
    def timeout(self) -> float:
        """Seconds without a step after which the run is called hung."""
        s = self.settings
        if not self._gaps:
            return max(s.most, s.long_factor * self._long)
        ordered = sorted(self._gaps)
        usual = s.factor * ordered[min(math.ceil(0.99 * len(ordered)), len(ordered)) - 1]
        return max(min(max(usual, s.least), s.most), s.long_factor * self._long)

    def tick(self, now: float) -> Judgement | None:
        """Compare the silence with the timeout."""
        if self._step is None:
            return pending("no step has arrived yet") if math.isfinite(self._lot_at) else None
        if len(self._lots) == 3 and all(self._lots):
            return blind("unbuffered output: it arrives in lots of many records (python -u)")
        silent, timeout = now - self._at, self.timeout
        if silent < timeout:
            return ok(f"the last step came {seconds(silent)} ago")
        return self._found(silent, timeout)

    def restarted(self) -> Judgement | None:
        """How long steps take is still true; how long none has come is not."""
        self._step, self._interrupted = None, False
        return ok("the job was started again", negated=True)

    def _found(self, silent: float, timeout: float) -> Judgement:
        """The sentence, with the timeout that was learnt."""
        s = self.settings
        working = self._load is not None and s.busy <= self._load < s.full
        severity = Severity.RED if silent >= 2 * timeout and not working else Severity.ORANGE
        why = f"no step after step {self._step} for {seconds(silent)}; the timeout learnt from this run is {seconds(timeout)}"
        if self._load is not None:
            why += f"; the busiest device is at {100 * self._load:.0f} %"
        evidence = (Evidence("step", float(self._step or 0), self._step),)
        return fired(severity, why, evidence, "any further step would withdraw it")


KIND = Kind(
    name="hang",
    summary="no step forward for much longer than steps take",
    needs="arrival times",
    settings=Settings,
    make=Hang,
    ladder={Severity.ORANGE: "notify", Severity.RED: "stop"},
    proof="existing",
    clear_after=1,
    lasting=True,
)
