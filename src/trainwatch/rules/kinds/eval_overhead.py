"""Evaluation takes much of the time (rule T7)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import percent, seconds
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok

RUNTIMES = ("eval_runtime", "eval_time", "runtime")


@dataclass(frozen=True, slots=True)
class Settings:
    """Shares of the time that has passed, once `evaluations` were seen."""

    yellow: float = 0.3
    orange: float = 0.6
    evaluations: int = 3


class EvalOverhead(Rule):
    """Keeps the time of evaluations, as printed, else as it passed; and the time of training steps, where nobody watched."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._count = 0
        self._evaluating = 0.0
        self._training = 0.0
        self._first = math.nan
        self._newest = math.nan

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("arrival times, or the time of evaluations and of steps in the log")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Add up; judge at evaluations."""
        before, at = self._newest, block.seen_at
        if math.isfinite(at):
            self._first = at if math.isnan(self._first) else self._first
            self._newest = at
        if block.kind != "eval":
            self._train(block)
            return ()
        self._count += 1
        runtime = next((block.columns[n][0] for n in RUNTIMES if n in block.columns), at - before)
        self._evaluating += runtime if math.isfinite(runtime) else 0.0
        return [(0, self._judge())]

    def _train(self, block: Block) -> None:
        """Steps that take `step_time` each."""
        times, steps = block.columns.get("step_time"), block.columns.get("step")
        if times and block.kind == "train":
            every = (steps[-1] - steps[0]) / (len(steps) - 1) if steps and len(steps) > 1 else 1.0
            self._training += sum(filter(math.isfinite, times)) * max(every, 1.0)

    def _judge(self) -> Judgement:
        s, watched = self.settings, self._newest - self._first
        whole = watched if watched > 0 else self._training + self._evaluating if self._training else math.nan
        if not self._evaluating or math.isnan(whole):
            return self.start()
        share = min(self._evaluating / whole, 1.0)
        words = f"{percent(share)} of the time went into {self._count} evaluations, {seconds(self._evaluating / self._count)} each"
        if self._count < s.evaluations or share <= s.yellow:
            return ok(words, holds=Severity.YELLOW if share > s.yellow / 2 else None)
        severity = Severity.ORANGE if share > s.orange else Severity.YELLOW
        return fired(severity, words, (), f"evaluating less often, or on less: below {percent(s.yellow / 2)} would withdraw it")


KIND = Kind(
    name="eval_overhead",
    summary="evaluation takes much of the time",
    needs="arrival times, or the time of evaluations and of steps in the log",
    settings=Settings,
    make=EvalOverhead,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
