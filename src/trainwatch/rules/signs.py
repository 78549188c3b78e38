"""Signs of a NaN that a filter has hidden behind a finite loss."""

from __future__ import annotations

import math
from itertools import islice
from operator import eq

from trainwatch.model.block import Block

USUAL = 0.1
"""Only a loss that was at least this large can have fallen to nothing by accident."""

DIGITS = 6
"""Equal losses of fewer digits are equal by chance."""

TIMES = 3
"""So many equal losses in a row are a sign."""


class Signs:
    """Keeps the newest loss, how often in a row it was printed, and the last one that was not nothing."""

    def __init__(self) -> None:
        self._last = math.nan
        self._step = math.nan
        self._times = 1
        self._usual = 0.0

    def read(self, block: Block) -> dict[int, str]:
        """The rows of train records that show a sign, with its words; quick where there can be none."""
        losses = block.columns.get("loss") if block.kind == "train" else None
        if not losses:
            return {}
        found: dict[int, str] = {}
        if losses[0] == self._last or 0.0 in losses or any(map(eq, losses, islice(losses, 1, None))):
            for row in range(len(losses)):
                words = self._look(block, row)
                if words:
                    found[row] = words
            return found
        self._last, self._times, self._step = losses[-1], 1, _step(block, len(losses) - 1)
        self._usual = losses[-1] if math.isfinite(losses[-1]) else self._usual
        return found

    def _look(self, block: Block, row: int) -> str:
        loss, step = block.columns["loss"][row], _step(block, row)
        again = loss == self._last and not step == self._step  # noqa: SIM201  an unknown step is unlike any
        self._times = self._times + 1 if again else self._times if loss == self._last else 1
        self._last, self._step = loss, step
        gradients = block.columns.get("grad_norm")
        if loss == 0 and gradients is not None and gradients[row] == 0 and self._usual >= USUAL:
            return "a loss and a gradient of nothing, from one record to the next: a filter may have put them in the place of a NaN"
        if loss != 0:
            self._usual = loss if math.isfinite(loss) else self._usual
        if again and self._times >= TIMES and _digits(loss) >= DIGITS:
            return f"the same loss {self._times} times, to the last digit: a filter may have put a mean in the place of NaNs"
        return ""


def _step(block: Block, row: int) -> float:
    """The printed step; NaN without one."""
    return block.columns["step"][row] if block.stepped else math.nan


def _digits(value: float) -> int:
    """Significant digits in the shortest notation."""
    return len(repr(abs(value)).partition("e")[0].replace(".", "").strip("0"))
