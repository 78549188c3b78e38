"""Snapshots made by hand, with the figures of an overfit run: 20 evaluations, best at the third."""

from dataclasses import dataclass, field

import pytest

from trainwatch.model.facts import Fact
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Best, Evaluation, PhaseSpan, Progress, RunInfo, SavedLine, Snapshot
from trainwatch.model.span import Span
from trainwatch.model.verdict import Event, Evidence, RuleStatus, Severity, Verdict

VALUES = (0.31, 0.29, 0.27, 0.275, 0.285, 0.31, 0.42, 0.53, 0.67, 0.78, 0.88, 0.92, 0.88, 0.91, 0.94, 0.96, 0.97, 0.98, 0.98, 0.99)
LADDER = ((40, "YELLOW", "notify"), (50, "ORANGE", "save"), (60, "RED", "stop"), (90, "BLACK", "stop"))


def evaluation(index: int, value: float) -> Evaluation:
    """The evaluation of that number, every ten steps, five epochs apart."""
    step, epoch = 10 * (index + 1), 5.0 * (index + 1)
    seen = Evidence("eval_loss", value, step, epoch, "train.out", 1, 20 + index)
    return Evaluation(index, value, step, epoch, {"eval_loss": value}, 0.3 / (index + 1), seen)


def event(step: int, severity: str, action: str, rule: str = "overfit") -> Event:
    """A rule that fired at a step."""
    return Event(
        rule,
        rule,
        "fired",
        Severity[severity],
        1,
        f"eval_loss rose until step {step}",
        step,
        step / 2,
        "train.out",
        1,
        20 + step // 10,
        (Evidence("eval_loss", 0.5, step, step / 2, "train.out", 1, 20 + step // 10),),
        "a new best",
        action,
        "fresh",
        float("nan"),
        step // 10 - 1,
    )


@dataclass
class Overfit:
    """The parts of the snapshot; a test changes what it is about."""

    span: Span = field(default_factory=lambda: Span(0.0, 42045.0, "timestamps"))
    state: str = "done"
    facts: dict[str, Fact] = field(
        default_factory=lambda: {
            "gpus": Fact(8.0, "train.out", 3),
            "eval_steps": Fact(10, "train.out", 7),
            "save_steps": Fact(100, "train.out", 8),
            "learning_rate": Fact(0.0002, "train.out", 9),
            "lr_scheduler_type": Fact("SchedulerType.CONSTANT", "train.out", 10),
        }
    )
    saved: tuple[SavedLine, ...] = (
        SavedLine("out/checkpoint-100", 100, "train.out", 1, 64),
        SavedLine("out/checkpoint-200", 200, "train.out", 1, 105),
    )
    checkpoints: tuple[CheckpointSeen, ...] = ()
    more: dict[str, object] = field(default_factory=dict)

    def snapshot(self) -> Snapshot:
        """The snapshot of these parts."""
        rate = Series()
        rate.extend([2e-4 * (1 - i / 20) for i in range(20)], 10, 200)
        parts: dict[str, object] = {
            "run": RunInfo("id-1", "train.out", ("train.out",)),
            "state": self.state,
            "progress": Progress(step=200, total_steps=200, epoch=100.0),
            "span": self.span,
            "phases": (
                PhaseSpan("healthy", 0, 0.0, 30, 15.0, "eval_loss fell"),
                PhaseSpan("severe", 30, 15.0, 200, 100.0, "eval_loss is 10 % above its best"),
            ),
            "rules": (RuleStatus("hang", "hang", Verdict("blind", "nobody watched the output arrive"), "arrivals"),),
            "events": tuple(event(*level) for level in LADDER),
            "evaluations": tuple(evaluation(i, v) for i, v in enumerate(VALUES)),
            "best": Best("eval_loss", "min", 0.27, 30, 15.0),
            "checkpoints": self.checkpoints,
            "saved_lines": self.saved,
            "series": {"learning_rate": rate},
            "facts": self.facts,
            "records": 220,
            "formats": ("hf_trainer",),
        }
        return Snapshot(**{**parts, **self.more})


@pytest.fixture
def overfit() -> Overfit:
    """An overfit run of 200 steps, read from its log after the fact."""
    return Overfit()
