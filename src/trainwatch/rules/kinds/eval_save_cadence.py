"""Saves that miss most evaluations, before the run has got anywhere (rule G10)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.configured import Configured
from trainwatch.rules.figures import figure, percent
from trainwatch.rules.guard import planned_steps, spacing
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, fired, ok, pending


@dataclass(frozen=True, slots=True)
class Settings:
    """At least `saved` of the evaluations should fall on a save, unless the best one is saved anyway."""

    saved: float = 0.5


class EvalSaveCadence(Configured):
    """Keeps nothing of its own."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    def judge(self, history: History) -> Judgement:
        """Saves and evaluations that go by steps, against each other."""
        plan = history.plan
        save, evaluate = plan.number("save_steps"), plan.number("eval_steps") or spacing(history)
        if _strategy(plan.text("save_strategy")) == "best" or (plan.text("load_best_model_at_end") or "").lower() == "true":
            return ok("the best evaluation is saved by the job itself", negated=True)
        if _strategy(plan.text("save_strategy")) != "steps" or _strategy(plan.text("eval_strategy")) != "steps":
            return ok("saves and evaluations do not go by steps")
        if not save or not evaluate or save < 1 or evaluate < 1:
            return pending("the steps between saves and between evaluations are not known")
        share = _aligned(round(evaluate), round(save))
        if share >= self.settings.saved:
            return ok(f"{percent(share)} of the evaluations fall on a save", negated=True)
        why = (
            f"only {percent(share)} of the evaluations (every {figure(evaluate)} steps) fall on a save (every {figure(save)}): the best "
            f"evaluation is expected {figure(save / 4)} steps from the nearest checkpoint{_patience(history, evaluate)}"
        )
        change = f"save_steps = {figure(evaluate)}, or load_best_model_at_end with a metric, would withdraw it"
        return fired(Severity.ORANGE, why, (), change)


def _strategy(stated: str | None) -> str:
    """`steps` unless something else is stated."""
    return (stated or "steps").lower().rpartition(".")[2]


def _aligned(evaluate: int, save: int) -> float:
    """The share of evaluations whose step is also that of a save."""
    return 1.0 if evaluate % save == 0 else sum(1 for k in range(1, save + 1) if k * evaluate % save == 0) / save


def _patience(history: History, evaluate: float) -> str:
    """What a patience of three would mean in this run."""
    total, epochs = planned_steps(history), history.plan.number("num_train_epochs")
    if not total or not epochs:
        return ""
    return f". A patience of 3 evaluations would be {figure(3 * evaluate)} steps or {figure(3 * evaluate * epochs / total)} epochs"


KIND = Kind(
    name="eval_save_cadence",
    summary="saves that miss most evaluations",
    needs="the steps between evaluations and between saves",
    settings=Settings,
    make=EvalSaveCadence,
    ladder={Severity.ORANGE: "notify"},
    lasting=True,
)
