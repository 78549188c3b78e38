"""One record, on its way from a line to a block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isfinite

from trainwatch.formats.names import names
from trainwatch.model.block import Kind, Scalar


@dataclass(slots=True)
class Record:
    """What a line reader found.

    `start` and `end` are positions in the line, later in the source. `values` are numbers in printed order, step and epoch included,
    under our names; `texts` what is not a number. `derived` names what was not printed. `line` is the 1-based line that it
    begins on, 0 for the one that is being read. `zero_rate` is how a learning rate of zero is printed, empty when it is not zero.
    """

    kind: Kind
    format: str
    start: int
    end: int
    values: dict[str, float]
    texts: dict[str, Scalar] = field(default_factory=dict)
    derived: tuple[str, ...] = ()
    line: int = 0
    zero_rate: str = ""

    @property
    def step(self) -> float | None:
        """The step, None when neither printed nor derived, or no finite number."""
        value = self.values.get("step")
        return value if value is not None and isfinite(value) else None


def separate(record: Record, patterns: Sequence[str]) -> list[Record]:
    """A train record whose line tells an evaluation too, under names of these patterns: that becomes a record of its own."""
    moved = {name: value for name, value in record.values.items() if any(fnmatchcase(name, pattern) for pattern in patterns)}
    if record.kind != "train" or not moved:
        return [record]
    main = next((name for name in names().eval if name in moved), None)
    shared = {name: record.values[name] for name in ("step", "epoch") if name in record.values}
    values = shared | ({"eval_loss": moved[main]} if main else {}) | moved
    record.values = {name: value for name, value in record.values.items() if name not in moved}
    return [record, Record("eval", record.format, record.start, record.end, values, {}, record.derived, record.line)]
