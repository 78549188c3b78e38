"""Records as columns: the unit in which a format hands over what it read, and a rule judges it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal, Protocol

Kind = Literal["train", "eval", "info", "summary", "bar", "event"]
"""What a record is about, as in the `export` contract.

`train` holds a training loss; `eval` is one evaluation; `info` is periodic without a loss; `summary` is about the whole run;
`bar` is progress only; `event` is a checkpoint saved, a resume, an overflow, configuration, a failure.
"""

Scalar = float | str | None


class Locator(Protocol):
    """Answers, on demand, what would be too dear to derive for every record. Rows are 0-based within the block."""

    def line(self, offset: int) -> int:
        """The 1-based line of the byte at `offset` in its source; only newlines count."""
        ...

    def step(self, row: int) -> int | None:
        """The step of a row, when neither column nor text of the record gives it. None: not known."""
        ...


@dataclass(slots=True)
class Block:
    """Records of one kind, one format and one set of names, in file order, from one source and attempt.

    `columns` maps a metric's name to its values, one per row; a value that is not a number is NaN there and stands in `texts`.
    `step`, where the record prints it, is the column "step"; `epoch` likewise.
    `offsets` holds the byte position at which each record begins; in a UTF-16 source, its place in the same text as UTF-8.
    `derived` names what was not printed but derived ("step", "epoch").
    `texts` holds, per row, values that are not numbers; empty when no row has any.
    `seen_at` is the arrival time of the bytes that completed these records, NaN when nobody watched.
    `zero_rate` is how the first learning rate of zero among them is printed; empty when none is zero, or nobody knows.
    """

    kind: Kind
    source: str
    attempt: int
    format: str
    columns: Mapping[str, array[float]]
    offsets: Sequence[int]
    locator: Locator
    texts: Sequence[Mapping[str, Scalar]] = ()
    derived: tuple[str, ...] = ()
    seen_at: float = float("nan")
    zero_rate: str = ""
    stepped: bool = field(init=False)
    _ordered: dict[str, array[float]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Remember whether steps are printed in the record."""
        self.stepped = "step" in self.columns

    def __len__(self) -> int:
        """The number of records."""
        return len(self.offsets)

    def step(self, row: int) -> int | None:
        """The optimizer step of a record, printed or derived; None when not known."""
        if self.stepped:
            value = self.columns["step"][row]
            return int(value) if isfinite(value) else None
        return self.locator.step(row)

    def epoch(self, row: int) -> float | None:
        """The (fractional) epoch of a record; None when not known."""
        column = self.columns.get("epoch")
        if column is None:
            return None
        value = column[row]
        return value if value == value else None  # noqa: PLR0124

    def extremes(self, name: str) -> tuple[float, float] | None:
        """(lowest, highest) value of a column; None where one is not finite, and where there is no such column."""
        ordered = self.ordered(name)
        return (ordered[0], ordered[-1]) if ordered and len(ordered) == len(self.offsets) else None

    def ordered(self, name: str) -> array[float]:
        """The finite values of a column, the lowest first; put in order once for all who ask. Empty where there is no such column."""
        if name not in self._ordered:
            column = self.columns.get(name, ())
            self._ordered[name] = array("d", sorted(column if isfinite(sum(column)) else filter(isfinite, column)))
        return self._ordered[name]

    def line(self, row: int) -> int:
        """The 1-based line on which a record begins."""
        return self.locator.line(self.offsets[row])

    def values(self, row: int) -> dict[str, Scalar]:
        """Everything a record holds except step and epoch, in printed order, texts last."""
        out: dict[str, Scalar] = {name: c[row] for name, c in self.columns.items() if name not in ("step", "epoch")}
        if self.texts:
            out.update(self.texts[row])
        return out

    def row(self, row: int) -> Block:
        """The block that holds only this record."""
        step = self.step(row)
        return Block(
            self.kind,
            self.source,
            self.attempt,
            self.format,
            {name: c[row : row + 1] for name, c in self.columns.items()},
            self.offsets[row : row + 1],
            _OneRow(self.locator, step),
            self.texts[row : row + 1] if self.texts else (),
            self.derived,
            self.seen_at,
            self.zero_rate,
        )


@dataclass(frozen=True, slots=True)
class _OneRow:
    """The locator of a single record whose step is already known."""

    inner: Locator
    known_step: int | None

    def line(self, offset: int) -> int:
        return self.inner.line(offset)

    def step(self, row: int) -> int | None:  # noqa: ARG002  there is one row
        return self.known_step
