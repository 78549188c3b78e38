"""The jobs of the tests: a script for each framework, what it is told, and what its checkpoints are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

SCRIPTS = Path(__file__).parent / "jobs"
EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass(frozen=True)
class Job:
    """A script, what it is told, what its checkpoints are, and what its environment must say.

    `steps` is its word for how many steps it takes; `resumed` what it prints when it goes on from a checkpoint of that step.
    """

    title: str
    script: Path
    arguments: tuple[str, ...] = ()
    kind: str = ""
    given: dict[str, str] = field(default_factory=dict)
    standing: bool = False
    steps: str = "--steps"
    resumed: str = "resumed at {step}"

    def words(self, out: Path, steps: int, *more: str) -> tuple[str, ...]:
        """The script with its arguments."""
        return str(self.script), "--out", str(out), self.steps, str(steps), *self.arguments, *more


HF, LIGHTNING = SCRIPTS / "hf_trainer.py", SCRIPTS / "lightning_fit.py"
ACCELERATE, DEEPSPEED = SCRIPTS / "accelerate_loop.py", SCRIPTS / "deepspeed_engine.py"

JOBS = {
    "hf": Job("HF Trainer", HF, (), "hf_trainer", standing=True),
    "hf_lora": Job("HF Trainer, PEFT adapter", HF, ("--lora",), "hf_trainer", standing=True),
    "hf_fsdp": Job("HF Trainer, FSDP", HF, ("--fsdp",), "hf_trainer", standing=True),
    "hf_zero1": Job("HF Trainer, DeepSpeed ZeRO-1", HF, ("--zero", "1"), "hf_trainer", standing=True),
    "hf_zero2": Job("HF Trainer, DeepSpeed ZeRO-2", HF, ("--zero", "2"), "hf_trainer", standing=True),
    "hf_zero3": Job("HF Trainer, DeepSpeed ZeRO-3", HF, ("--zero", "3"), "hf_trainer", standing=True),
    "lightning": Job("Lightning", LIGHTNING, (), "lightning", standing=True),
    "accelerate": Job("Accelerate", ACCELERATE, (), "accelerate"),
    "accelerate_fsdp": Job("Accelerate, FSDP", ACCELERATE, ("--fsdp",), "accelerate"),
    "accelerate_zero2": Job(
        "Accelerate, DeepSpeed ZeRO-2", ACCELERATE, ("--zero", "2"), "accelerate", {"ACCELERATE_USE_DEEPSPEED": "true"}
    ),
    "deepspeed_zero0": Job("DeepSpeed engine, no ZeRO", DEEPSPEED, ("--stage", "0"), "deepspeed"),
    "deepspeed_zero1": Job("DeepSpeed engine, ZeRO-1", DEEPSPEED, ("--stage", "1"), "deepspeed"),
    "deepspeed_zero2": Job("DeepSpeed engine, ZeRO-2", DEEPSPEED, ("--stage", "2"), "deepspeed"),
    "deepspeed_zero3": Job("DeepSpeed engine, ZeRO-3", DEEPSPEED, ("--stage", "3"), "deepspeed"),
    "plain": Job(
        "plain loop, torch.save",
        EXAMPLES / "overfit_lm" / "train.py",
        ("--batch-size", "4", "--warmup-steps", "1", "--save-steps", "20"),
        "plain",
        standing=True,
        steps="--total-steps",
        resumed="at step {step}",
    ),
    "dcp": Job("plain loop, torch.distributed.checkpoint", EXAMPLES / "dcp_loop" / "train.py", (), "dcp", standing=True),
}
