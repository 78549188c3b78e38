"""The eval metric, or without evaluations the train loss, no longer improves, and is not expected to (rule P1)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.forecast import LEAST, further_gain, promised
from trainwatch.rules.guard import WINDOW, cadence, not_yet, planned_steps, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.noise import median, relative
from trainwatch.rules.stretches import Stretches

DROPS = ("step", "multistep", "multi_step", "cosine_with_restarts", "piecewise", "reduce_lr_on_plateau")
"""Schedules whose next drop may end a plateau."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The medians of two neighbouring windows of evaluations are compared: 3, 5 or 10 by cadence, or `window`.

    It is a plateau when they differ by less than `gain` and by less than `noise_factor` times the noise, and a power law through all
    evaluations promises less than `forecast` for the rest of the run. Orange comes after two more windows.
    A run that is not evaluated is judged by its train loss, in stretches of `train_share` of the run, against `train_gain`.
    """

    window: int = 0
    gain: float = 0.01
    noise_factor: float = 2.0
    forecast: float = 0.02
    train_share: float = 0.05
    train_gain: float = 0.005


class Plateau(Rule):
    """Keeps the evaluation at which the plateau was found, and the stretches of a run without evaluations."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._since: int | None = None
        self._stretches = Stretches()
        self._total = 0.0

    def went_back(self, *, anew: bool) -> None:
        """A new start is no plateau."""
        if anew:
            self._since, self._stretches, self._total = None, Stretches(), 0.0

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:
        """Judge the train loss of a run that has no evaluation."""
        if block.kind != "train" or "loss" not in block.columns or history.evaluations or history.profile:
            return ()
        first = 0
        if not self._total:
            first = bisect_left(range(len(block)), 1, key=lambda row: _total(block, row, history) > 0)
            if first == len(block):
                return ()
            self._total = _total(block, first, history)
        return [
            (row, self._trained(block, row, history)) for row in self._stretches.fill(block, first, self.settings.train_share * self._total)
        ]

    def _trained(self, block: Block, row: int, history: History) -> Judgement:
        """The newest stretch against the one before."""
        s, medians = self.settings, self._stretches.medians
        if len(medians) < LEAST:
            return pending(f"{len(medians)} of the {LEAST} stretches of train records needed")
        history.plan.move(block, row)
        if (block.step(row) or 0) < (history.plan.steps_at("warmup_steps", block, row) or 0):
            return forbidden("the learning rate is still warming up")
        if why := _scheduled(history):
            return forbidden(why)
        old, new = medians[-2:]
        gain = -relative(new, old, 0.0, history.train_resolution.half_unit)
        if abs(gain) >= s.train_gain or old - new >= s.noise_factor * 2**0.5 * self._stretches.error:
            self._since = None
            return ok(f"the train loss of the newest stretch is {percent(gain)} better than that of the one before")
        ahead = promised(medians, 1 / s.train_share)
        if ahead > s.forecast:
            return forbidden(f"slow, but {percent(ahead)} more is to be expected by the end of the run")
        self._since = len(medians) if self._since is None else self._since
        severity = Severity.ORANGE if len(medians) - self._since >= 2 else Severity.YELLOW
        at = printed(block, "loss", row)
        why = (
            f"the train loss has come to rest{place(at.step, at.epoch)}: its median over the last {percent(s.train_share)} of the run, "
            f"{figure(new)}, differs by {percent(abs(gain))} from that before{history.plan.words(at.step, at.epoch, block.format)}"
        )
        return fired(severity, why, (at,), f"a gain of {percent(s.train_gain)} from one stretch to the next")

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        size = self.settings.window or WINDOW[cadence(history)]
        if why := not_yet(history):
            return pending(why)
        if len(history.points) < 2 * size:
            return pending(f"{len(history.points)} of the {2 * size} evaluations needed")
        if why := suppressed(history) or _other(history):
            return forbidden(why)
        old, new = (median([p.loss for p in history.points[a:b]]) for a, b in ((-2 * size, -size), (-size, None)))
        gain = -relative(new, old, history.sigma, history.resolution.half_unit)
        if abs(gain) >= self.settings.gain or history.since == 0 or abs(old - new) >= self.settings.noise_factor * history.sigma:
            self._since = None
            return ok(f"the last {size} evaluations are {percent(gain)} better than the {size} before", negated=history.since == 0)
        ahead = further_gain(history)
        if ahead is not None and ahead > self.settings.forecast:
            return forbidden(f"slow, but {percent(ahead)} more is to be expected by the end of the run")
        return self._found(history, size, gain)

    def _found(self, history: History, size: int, gain: float) -> Judgement:
        """The sentence."""
        index = history.now.evaluation.index
        self._since = index if self._since is None else self._since
        severity = Severity.ORANGE if index - self._since >= 2 * size else Severity.YELLOW
        best = history.top.evaluation
        why = (
            f"{history.metric} has come to rest{place(history.now.step, history.now.evaluation.epoch)}: the median of the last {size} "
            f"evaluations differs by {percent(abs(gain))} from that of the {size} before; the best is {figure(best.value)}"
            f"{place(best.step, best.epoch)}"
        )
        return fired(
            severity, why, (history.now.evaluation.evidence, best.evidence), f"a gain of {percent(self.settings.gain)} between windows"
        )


def _total(block: Block, row: int, history: History) -> float:
    """The planned steps as they are known at a record, in those that are printed; 0 when they are not."""
    history.plan.move(block, row)
    return max(history.plan.steps_at("total_steps", block, row) or 0.0, 0.0)


def _other(history: History) -> str:
    """Another state that is no plateau, or a schedule that may end one."""
    if history.excess() >= 0.1:
        return "the metric is far above its best"
    now, total = history.now.step, planned_steps(history)
    return _scheduled(history) if now is None or total is None or now < total else ""


def _scheduled(history: History) -> str:
    """A schedule that may end a plateau."""
    kind = (history.plan.text("lr_scheduler_type") or "").lower()
    return f"the learning rate may still drop ({kind})" if kind in DROPS else ""


KIND = Kind(
    name="plateau",
    summary="the eval metric, else the train loss, no longer improves, and is not expected to",
    needs="evaluations, or a train loss and total_steps",
    settings=Settings,
    make=Plateau,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    phase="plateau",
)
