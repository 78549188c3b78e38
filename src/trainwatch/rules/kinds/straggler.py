"""One rank is slower than the others (rule T6)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok
from trainwatch.rules.noise import median


@dataclass(frozen=True, slots=True)
class Settings:
    """The median step time of `window` records of each source; slower than the fastest one by a score (fastest over own) below `score`."""

    window: int = 20
    score: float = 0.75


class Straggler(Rule):
    """Keeps the newest step times of each source: ranks with logs of their own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._times: dict[str, deque[float]] = {}
        self._count = 0

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("step times of several ranks, each in a log of its own")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Compare the sources, where there are several."""
        times = block.columns.get("step_time") if block.kind != "eval" else None
        if not times:
            return ()
        own = self._times.setdefault(block.source, deque(maxlen=self.settings.window))
        if len(self._times) < 2:
            own.extend(times)
            return ()
        found = []
        for row, value in enumerate(times):
            own.append(value)
            self._count += 1
            if self._count % self.settings.window == 0:
                found.append((row, self._judge(block, row)))
        return found

    def _judge(self, block: Block, row: int) -> Judgement:
        s = self.settings
        known = {source: [t for t in times if math.isfinite(t) and t > 0] for source, times in self._times.items()}
        speeds = {source: median(times) for source, times in known.items() if len(times) >= s.window}
        if len(speeds) < 2:
            return ok("too little has been seen to compare ranks")
        slowest, fastest = max(speeds, key=lambda x: speeds[x]), min(speeds, key=lambda x: speeds[x])
        score = speeds[fastest] / speeds[slowest]
        if score >= s.score:
            return ok(f"the slowest rank goes at {percent(score)} of the fastest", negated=True)
        at = printed(block, "step_time", row)
        why = (
            f"{slowest} takes {figure(speeds[slowest], 3)} s a step{place(at.step, at.epoch)}, {fastest} {figure(speeds[fastest], 3)} s: all "
            "ranks wait for the slowest"
        )
        return fired(Severity.YELLOW, why, (at,), f"a slowest rank at {percent(s.score)} of the fastest", subject=slowest)


KIND = Kind(
    name="straggler",
    summary="one rank is slower than the others",
    needs="step times of several ranks, each in a log of its own",
    settings=Settings,
    make=Straggler,
    ladder={Severity.YELLOW: "notify"},
    lasting=True,
)
