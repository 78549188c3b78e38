"""The eval metric no longer improves, and is not expected to (rule P1)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.forecast import further_gain
from trainwatch.rules.guard import WINDOW, cadence, not_yet, planned_steps, suppressed
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden
from trainwatch.rules.noise import median, relative

DROPS = ("step", "multistep", "multi_step", "cosine_with_restarts", "piecewise", "reduce_lr_on_plateau")
"""Schedules whose next drop may end a plateau."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The medians of two neighbouring windows of evaluations are compared: 3, 5 or 10 by cadence, or `window`.

    It is a plateau when they differ by less than `gain` and by less than `noise_factor` times the noise, and a power law through all
    evaluations promises less than `forecast` for the rest of the run. Orange comes after two more windows.
    """

    window: int = 0
    gain: float = 0.01
    noise_factor: float = 2.0
    forecast: float = 0.02


class Plateau(Rule):
    """Keeps the evaluation at which the plateau was found."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._since: int | None = None

    def went_back(self, *, anew: bool) -> None:
        """A new start is no plateau."""
        if anew:
            self._since = None

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


def _other(history: History) -> str:
    """Another state that is no plateau, or a schedule that may end one."""
    if history.excess() >= 0.1:
        return "the metric is far above its best"
    kind, now, total = (history.plan.text("lr_scheduler_type") or "").lower(), history.now.step, planned_steps(history)
    under_way = now is None or total is None or now < total
    return f"the learning rate may still drop ({kind})" if kind in DROPS and under_way else ""


KIND = Kind(
    name="plateau",
    summary="the eval metric no longer improves, and is not expected to",
    needs="evaluations",
    settings=Settings,
    make=Plateau,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    phase="plateau",
)
