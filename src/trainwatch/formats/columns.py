"""Values of many records of one shape as columns: under our names and in SI."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from struct import pack

from trainwatch.formats.plan import Plan

Spelt = Callable[[bytes], float]
"""Takes a text that `float` may refuse; raises ValueError for what is no number in its eyes either."""


def columns(plan: Plan, texts: Mapping[int, Sequence[bytes]], spelt: Spelt) -> dict[str, array[float]]:
    """The values by column, from the texts by their index in a record; two names for one value share a column.

    Raises ValueError when `spelt` does not take one.
    """
    made: dict[tuple[int, float], array[float]] = {}
    for slot in plan.slots:
        key = slot.index, slot.factor
        if key not in made:
            made[key] = _numbers(texts[slot.index], slot.factor, spelt)
    return {slot.name: made[slot.index, slot.factor] for slot in plan.slots}


def _numbers(texts: Sequence[bytes], factor: float, spelt: Spelt) -> array[float]:
    """Texts as numbers, times a factor. Configuration is printed again and again: what does not change is converted once."""
    first = texts[0]
    if first == texts[-1] and texts.count(first) == len(texts):
        return array("d", [spelt(first) * factor]) * len(texts)
    try:
        numbers = list(map(float, texts))
    except ValueError:
        numbers = list(map(spelt, texts))
    return array("d", pack(f"{len(numbers)}d", *(numbers if factor == 1.0 else [value * factor for value in numbers])))
