"""What a run was configured to do, as far as anything says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

FactValue = float | str | bool

KNOWN_FACTS = frozenset(
    {
        "total_steps",
        "num_train_epochs",
        "steps_per_epoch",
        "eval_steps",
        "eval_strategy",
        "save_steps",
        "save_strategy",
        "save_total_limit",
        "logging_steps",
        "learning_rate",
        "lr_scheduler_type",
        "warmup_steps",
        "warmup_ratio",
        "lr_decay_steps",
        "min_lr",
        "per_device_train_batch_size",
        "per_device_eval_batch_size",
        "gradient_accumulation_steps",
        "max_grad_norm",
        "weight_decay",
        "optim",
        "world_size",
        "gpus",
        "seed",
        "metric_for_best_model",
        "greater_is_better",
        "load_best_model_at_end",
        "output_dir",
        "vocab_size",
        "launcher",
        "train_samples",
        "max_seq_length",
        "max_completion_length",
        "lora_rank",
        "lora_alpha",
        "peft_type",
        "pretrained",
        "standing_order",
    }
)
"""The names that trainwatch itself understands; others are kept and shown, and decide nothing but in rules of one's own.

`total_steps` counts optimizer steps; `learning_rate` is the configured peak, `min_lr` where its decay ends, after `lr_decay_steps`; `world_size` and `gpus` count processes and devices.
`alpha_NAME`, for any name, is the weight of a part of the loss."""

TEXT_FACTS = frozenset(
    {"eval_strategy", "save_strategy", "lr_scheduler_type", "optim", "metric_for_best_model", "output_dir", "launcher", "peft_type"}
)
TRUTH_FACTS = frozenset({"greater_is_better", "load_best_model_at_end", "pretrained", "standing_order"})
"""Those of them that are words, and those that are true or false; all others are numbers."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One configuration value and where it was found: a source and 1-based line, or `origin` "--fact", with line 0."""

    value: FactValue
    origin: str
    line: int = 0

    def number(self) -> float | None:
        """The value as a number, None when it is no finite number."""
        try:
            value = float(self.value)
        except ValueError:
            return None
        return value if isfinite(value) else None


Given = FactValue | Fact
"""What is known before a log is read: the user's own value, or what was found in a file beside the log."""


def restored(stated: Mapping[str, Any]) -> dict[str, Given]:
    """Given facts as JSON has them, a fact as its fields. Raises TypeError for other fields."""
    return {name: Fact(**value) if isinstance(value, dict) else value for name, value in stated.items()}


class Facts(Mapping[str, Fact]):
    """The configuration found so far. What the user states wins over all, then the first finding in a log, then a file beside the log."""

    def __init__(self, stated: Mapping[str, Given] | None = None) -> None:
        """`stated` are the user's own `--fact` values, and facts from files beside the log."""
        given = stated or {}
        self.beside: Mapping[str, Fact] = {name: fact for name, fact in given.items() if isinstance(fact, Fact)}
        """What files beside the log say, also where the log says otherwise."""
        self._standing = set(self.beside)
        self.changes = 0
        """How often a value was noted."""
        self._reached: dict[str, int] = {}
        self._found: dict[str, Fact] = {name: fact if isinstance(fact, Fact) else Fact(fact, "--fact") for name, fact in given.items()}

    def note(self, name: str, value: FactValue, origin: str, line: int = 0, *, replace: bool = False) -> None:
        """Keep a value; a later one is ignored unless `replace`, which never overrides what the user stated."""
        old = self._found.get(name)
        if old is None or name in self._standing or (replace and old.origin != "--fact"):
            self._found[name] = Fact(value, origin, line)
            self.changes += 1
            self._reached[origin] = max(line, self._reached.get(origin, 0))
            self._standing.discard(name)

    def reached(self, origin: str) -> int:
        """The furthest line of a source that something was noted of, 0 for none."""
        return self._reached.get(origin, 0)

    def is_beside(self, name: str) -> bool:
        """Whether the value is that of a file beside the log, because the log says nothing of it."""
        return name in self._standing

    @property
    def told(self) -> int:
        """How many are known from elsewhere than a file beside the log."""
        return len(self._found) - len(self._standing)

    def number(self, name: str) -> float | None:
        """The value as a number, None when it is absent, or no finite number."""
        fact = self._found.get(name)
        return None if fact is None else fact.number()

    def said(self, name: str) -> float | None:
        """The same of what the log or the user says: what a file beside the log says is no part of a record."""
        return None if name in self._standing else self.number(name)

    def text(self, name: str) -> str | None:
        """The value as printed, None when absent."""
        fact = self._found.get(name)
        return None if fact is None else str(fact.value)

    def __getitem__(self, name: str) -> Fact:
        """The fact of that name; KeyError when absent."""
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        """Names in the order found."""
        return iter(self._found)

    def __len__(self) -> int:
        """How many are known."""
        return len(self._found)
