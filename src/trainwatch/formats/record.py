"""One record, on its way from a line to a block."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainwatch.model.block import Kind, Scalar


@dataclass(slots=True)
class Record:
    """What a line reader found.

    `start` and `end` are positions in the line, later in the source. `values` are numbers in printed order, step and epoch included,
    under our names; `texts` what is not a number. `derived` names what was not printed.
    """

    kind: Kind
    format: str
    start: int
    end: int
    values: dict[str, float]
    texts: dict[str, Scalar] = field(default_factory=dict)
    derived: tuple[str, ...] = ()

    @property
    def step(self) -> float | None:
        """The step, None when neither printed nor derived."""
        value = self.values.get("step")
        return value if value is not None and value == value else None  # noqa: PLR0124
