"""A limit as a rules file writes it: `> 0.2`, `<= 0`, `>= 0.95 * max_completion_length`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from trainwatch.rules.figures import figure
from trainwatch.rules.plan import Plan

_SHAPE = re.compile(r"\s*(>=|<=|>|<)\s*([-+]?\d[\d_]*\.?\d*(?:e[-+]?\d+)?)\s*(?:\*\s*(\w+)\s*)?", re.IGNORECASE)
_COMPARE: dict[str, Callable[[float, float], bool]] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a number, or with a number times a fact of the configuration."""

    sign: str
    number: float
    fact: str = ""

    def __str__(self) -> str:
        """As a rules file writes it."""
        return f"{self.sign} {self.number!r}{f' * {self.fact}' if self.fact else ''}"

    def limit(self, plan: Plan) -> float | None:
        """The number to compare with; None when the fact is not known."""
        if not self.fact:
            return self.number
        factor = plan.number(self.fact)
        return None if factor is None else self.number * factor

    def holds(self, value: float, limit: float) -> bool:
        """Whether the value is beyond the limit."""
        return _COMPARE[self.sign](value, limit)

    def words(self, limit: float) -> str:
        """`above 0.2`."""
        return f"{'above' if self.sign[0] == '>' else 'below'} {figure(limit)}" if len(self.sign) == 1 else f"{self.sign} {figure(limit)}"


def parse(text: str) -> Condition:
    """The condition that a text writes. Raises ValueError with what it should look like."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no condition; write one like '> 0.2', '<= 0' or '>= 0.95 * NAME_OF_A_FACT'")
    return Condition(found[1], float(found[2]), found[3] or "")
