"""What is known of the configuration at a point of the log, and nothing that stands behind it."""

from __future__ import annotations

from trainwatch.model.block import Block
from trainwatch.model.facts import Fact, Facts
from trainwatch.model.planned import a_step

ADAPTED = ("lora_rank", "lora_alpha", "peft_type")
"""Facts that only a run on trained weights has."""

LOOSE = frozenset({"generic", "json", "tables", "grids", "listing"})
"""Formats of whatever has names and values: nobody says what their steps count."""


class Plan:
    """The facts found up to a line: a verdict may not depend on how far ahead the bytes were read."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._block: Block | None = None
        self._row = 0
        self._line: int | None = None
        self._passed = 0

    def move(self, block: Block, row: int) -> None:
        """The record to be judged; where its line is not known (0), everything is visible. Blocks of one source come in its order."""
        last, self._block = self._block, block
        if block is not last:
            again = last is None or (block.source, block.attempt) != (last.source, last.attempt)
            self._passed = 0 if again else max(self._passed, self._line or 0)
        self._row, self._line = row, None

    def _is_ahead(self, line: int, block: Block) -> bool:
        """Whether a line stands behind the record. The record's own line is only counted where a line passed before does not tell."""
        if line <= self._passed:
            return False
        if self._line is None:
            self._line = block.line(self._row)
        return 0 < self._line < line

    def _visible(self, name: str) -> Fact | None:
        fact, block = self._facts.get(name), self._block
        if fact is not None and block is not None and fact.origin == block.source and self._is_ahead(fact.line, block):
            return self._facts.beside.get(name)
        return fact

    @property
    def is_whole(self) -> bool:
        """Whether all that was found so far is visible from here."""
        block = self._block
        return block is None or not self._is_ahead(self._facts.reached(block.source), block)

    def number(self, name: str) -> float | None:
        """The value as a number, None when not known here."""
        fact = self._visible(name)
        return None if fact is None else fact.number()

    def unit(self, step: float | None, epoch: float | None, form: str) -> float | None:
        """Printed steps that make one optimizer step, as a record of the format `form` at `step` and `epoch` tells; None when nothing does."""
        accumulation = self.number("gradient_accumulation_steps")
        if accumulation is None or accumulation < 2:
            return 1.0
        total, epochs, per_epoch = map(self.number, ("total_steps", "num_train_epochs", "steps_per_epoch"))
        told = a_step(step, epoch, total=total, accumulation=accumulation, epochs=epochs, per_epoch=per_epoch)
        return 1.0 if told is None and form not in LOOSE else told

    def words(self, step: float | None, epoch: float | None, form: str) -> str:
        """What the printed steps are, for a sentence that weighs them against the planned ones; empty where they are optimizer steps."""
        unit = self.unit(step, epoch, form) or 1.0
        return f" (printed steps are batches: {unit:g} make one optimizer step)" if unit > 1 else ""

    def steps(self, name: str, step: float | None, epoch: float | None, form: str) -> float | None:
        """A number of optimizer steps, in the steps that are printed; None when it is not known, or not what is printed."""
        count, unit = self.number(name), self.unit(step, epoch, form)
        return None if count is None or unit is None else count * unit

    def steps_at(self, name: str, block: Block, row: int) -> float | None:
        """The same as a record tells it."""
        return None if self.number(name) is None else self.steps(name, block.step(row), block.epoch(row), block.format)

    def text(self, name: str) -> str | None:
        """The value as printed, None when not known here."""
        fact = self._visible(name)
        return None if fact is None else str(fact.value)

    @property
    def pretrained(self) -> bool:
        """Whether anything says that the run goes on from trained weights: adapters, or a fact `pretrained`."""
        if (self.text("pretrained") or "").lower() in ("true", "1", "1.0", "yes"):
            return True
        return any(self._visible(name) is not None for name in ADAPTED)
