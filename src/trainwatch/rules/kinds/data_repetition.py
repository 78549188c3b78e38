"""Few samples, seen very often (rule C3)."""

from __future__ import annotations

from dataclasses import dataclass

from trainwatch.model.verdict import Severity
from trainwatch.rules.configured import Configured
from trainwatch.rules.figures import figure
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, fired, ok, pending
from trainwatch.rules.plan import Plan


@dataclass(frozen=True, slots=True)
class Settings:
    """Below `samples` training samples, more than `yellow` epochs are yellow, more than `orange` without saving the best are orange."""

    samples: int = 1000
    yellow: float = 4.0
    orange: float = 20.0


class DataRepetition(Configured):
    """Keeps nothing of its own."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    def judge(self, history: History) -> Judgement:
        """Few samples, many epochs."""
        s, plan = self.settings, history.plan
        epochs, samples = plan.number("num_train_epochs"), _samples(plan)
        if epochs is None or samples is None:
            return pending("the number of epochs or of training samples is not known")
        if samples >= s.samples or epochs <= s.yellow:
            return ok(f"at most {figure(samples)} samples, {figure(epochs)} epochs")
        keeps = (plan.text("load_best_model_at_end") or "").lower() == "true" or plan.text("save_strategy") == "best"
        severity = Severity.ORANGE if epochs > s.orange and not keeps else Severity.YELLOW
        why = f"{figure(epochs)} epochs over at most {figure(samples)} samples: every sample is seen {figure(epochs)} times"
        if not keeps:
            why += ", and nothing saves the best evaluation"
        return fired(severity, why, (), "fewer epochs or more data")


def _samples(plan: Plan) -> float | None:
    """Training samples: stated, else as many as the planned steps can hold."""
    stated = plan.number("train_samples")
    if stated:
        return stated
    steps, epochs, total = plan.number("steps_per_epoch"), plan.number("num_train_epochs"), plan.number("total_steps")
    steps = steps or (total / epochs if total and epochs else None)
    batch = plan.number("per_device_train_batch_size")
    if not steps or not batch:
        return None
    return steps * batch * (plan.number("gradient_accumulation_steps") or 1) * (plan.number("world_size") or 1)


KIND = Kind(
    name="data_repetition",
    summary="few samples, seen very often",
    needs="the epochs, steps and batch size planned",
    settings=Settings,
    make=DataRepetition,
    ladder={Severity.YELLOW: "notify", Severity.ORANGE: "notify"},
    lasting=True,
)
