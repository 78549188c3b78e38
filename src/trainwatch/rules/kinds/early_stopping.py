"""Patience: evaluations in a row without an improvement that means anything (rule G1)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.figures import figure, ordinal, percent, place
from trainwatch.rules.guard import cadence, expected_evaluations, not_yet, suppressed
from trainwatch.rules.history import History, Point
from trainwatch.rules.kind import Judgement, Kind, Rule, fired, ok, pending
from trainwatch.rules.kind import suppressed as forbidden


@dataclass(frozen=True, slots=True)
class Settings:
    """Patience is counted in evaluations. 0 means: by cadence, 3 in a run of few evaluations, 10, or a tenth of many (20 at least).

    An improvement must exceed `margin` of the best value, `noise_factor` times the noise, and the print resolution.
    """

    patience: int = 0
    margin: float = 0.001
    noise_factor: float = 1.0


class EarlyStopping(Rule):
    """Keeps the last evaluation that improved, and how many came after it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._reference: Point | None = None
        self._waited = 0
        self._jump: int | None = None

    def went_back(self, *, anew: bool) -> None:
        """A new start begins to count anew; a resume goes on counting."""
        if anew:
            self._reference, self._waited = None, 0

    def evaluated(self, history: History) -> Judgement:
        """Judge the newest evaluation."""
        s, now = self.settings, history.now
        sigma = s.noise_factor * history.sigma if len(history.points) >= 4 else 0.0
        improved = self._reference is None or now.loss < self._reference.loss - max(
            s.margin * abs(self._reference.loss), sigma, history.resolution.half_unit
        )
        if improved:
            self._reference, self._waited = now, 0
        elif history.rate_jump is not None and history.rate_jump != self._jump:
            self._waited = 0
        else:
            self._waited += 1
        self._jump = history.rate_jump
        if why := not_yet(history):
            return pending(why)
        if why := suppressed(history):
            return forbidden(why)
        return self._judge(history, self.patience(history))

    def patience(self, history: History) -> int:
        """The patience in force."""
        if self.settings.patience:
            return self.settings.patience
        kind = cadence(history)
        return 3 if kind == "sparse" else 10 if kind == "medium" else max(20, round(0.1 * (expected_evaluations(history) or 0)))

    def _judge(self, history: History, patience: int) -> Judgement:
        """Yellow at half the patience, orange when it is over."""
        if self._waited >= patience:
            severity = Severity.ORANGE
        elif self._waited and 2 * self._waited >= patience:
            severity = Severity.YELLOW
        else:
            return ok(f"{self._waited} of {patience} evaluations without improvement", negated=self._waited == 0)
        return self._found(history, severity, patience)

    def _found(self, history: History, severity: Severity, patience: int) -> Judgement:
        """The sentence, with the patience in steps."""
        now, reference = history.now, self._reference or history.top
        best = reference.evaluation
        long = "" if now.step is None or best.step is None else f" ({now.step - best.step} steps)"
        why = (
            f"{history.metric} {figure(now.evaluation.value)}{place(now.step, now.evaluation.epoch)}: {ordinal(self._waited)} evaluation"
            f"{long} without improvement on {figure(best.value)}{place(best.step, best.epoch)}; patience is {patience}"
        )
        change = f"an evaluation better than {figure(best.value)} by {percent(self.settings.margin)} and its noise starts the count again"
        return fired(severity, why, (now.evaluation.evidence, best.evidence), change)


KIND = Kind(
    name="early_stopping",
    summary="no improvement for a number of evaluations: patience",
    needs="evaluations",
    settings=Settings,
    make=EarlyStopping,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
)
