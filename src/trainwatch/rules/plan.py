"""What is known of the configuration at a point of the log, and nothing that stands behind it."""

from __future__ import annotations

from trainwatch.model.facts import Fact, Facts

ADAPTED = ("lora_rank", "lora_alpha", "peft_type")
"""Facts that only a run on trained weights has."""


class Plan:
    """The facts found up to a line: a verdict may not depend on how far ahead the bytes were read."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._source = ""
        self._line = 0

    def move(self, source: str, line: int) -> None:
        """The record to be judged begins on this line (0: not known, everything is visible)."""
        self._source, self._line = source, line

    def _visible(self, name: str) -> Fact | None:
        fact = self._facts.get(name)
        if fact is not None and self._line and fact.origin == self._source and fact.line > self._line:
            return self._facts.beside.get(name)
        return fact

    def number(self, name: str) -> float | None:
        """The value as a number, None when not known here."""
        fact = self._visible(name)
        return None if fact is None else fact.number()

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
