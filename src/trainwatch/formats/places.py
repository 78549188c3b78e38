"""Where records stand: line and step from an offset, on demand."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import accumulate
from math import isfinite, nan
from typing import overload

from trainwatch.formats.steps import Steps
from trainwatch.formats.text import newlines


@dataclass(slots=True)
class KnownPlaces:
    """Places of records that were read line by line: their lines are known, their steps stand in a column."""

    lines: dict[int, int] = field(default_factory=dict)

    def line(self, offset: int) -> int:
        """The 1-based line of a record's offset; 0 for an offset that is none."""
        return self.lines.get(offset, 0)

    def step(self, row: int) -> int | None:  # noqa: ARG002  the column would have it
        """None: a step that is known stands in the column."""
        return None


@dataclass(frozen=True, slots=True)
class SettledPlaces:
    """Places of records whose stretch of the log is gone: `lines` and `steps` stand beside the offsets, NaN for a step that is not known."""

    offsets: array[int]
    lines: array[int]
    steps: array[float]

    def line(self, offset: int) -> int:
        """The 1-based line of a record's offset; 0 for an offset that is none."""
        row = bisect_left(self.offsets, offset)
        return self.lines[row] if row < len(self.offsets) and self.offsets[row] == offset else 0

    def step(self, row: int) -> int | None:
        """The step of a record that prints none."""
        step = self.steps[row]
        return int(step) if isfinite(step) else None


@dataclass(slots=True)
class LineOffsets(Sequence[int]):
    """Where each of the `rows` lines of `data[start:stop]` begins; `data[0]` is byte `base` of the source.

    The first and the last are found at once, the others are counted when one of them is asked for.
    """

    data: bytes
    base: int
    start: int
    stop: int
    rows: int
    _counted: array[int] | None = None

    def __len__(self) -> int:
        """The number of lines."""
        return self.rows

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> array[int]: ...
    def __getitem__(self, index: int | slice) -> int | array[int]:
        """One offset, or several."""
        if index == 0:
            return self.base + self.start
        if index in (-1, self.rows - 1):
            return self.base + max(self.data.rfind(b"\n", 0, self.stop - 1) + 1, self.start)
        return self.counted[index]

    @property
    def counted(self) -> array[int]:
        """All of them."""
        if self._counted is None:
            lines = BytesIO(self.data[self.start : self.stop]).readlines()
            self._counted = array("q", accumulate(map(len, lines[:-1]), initial=self.base + self.start))
        return self._counted


@dataclass(slots=True)
class SlicePlaces:
    """Places of records in a stretch of the log that is kept alive: counted and derived when asked for.

    `data[0]` is byte `base` of the source; byte `start` of `data` begins line `first_line`. `ends` are positions in the source; where
    there are none, each record ends with its line. `printed` finds the step that a record at a position of `data` prints, where its column
    was left out.
    """

    data: bytes
    base: int
    start: int
    first_line: int
    offsets: Sequence[int]
    ends: array[int] | None
    epochs: array[float] | None
    steps: Steps
    kind: str
    printed: Callable[[bytes, int], int | None] | None = None
    _steps: dict[int, int | None] = field(default_factory=dict)
    _asked: list[int] = field(default_factory=list)
    _lines: list[int] = field(default_factory=list)

    def line(self, offset: int) -> int:
        """The 1-based line of an offset within the stretch, counted from the nearest place before it that was asked for."""
        at = max(offset - self.base, self.start)
        if not self._asked:
            self._asked, self._lines = [self.start], [self.first_line]
        place = bisect_right(self._asked, at)
        before, line = self._asked[place - 1], self._lines[place - 1]
        if before < at:
            line += newlines(self.data[before:at])
            self._asked.insert(place, at)
            self._lines.insert(place, line)
        return line

    def step(self, row: int) -> int | None:
        """The step of a record whose column of steps is not there: printed, or from bar or epoch."""
        if row not in self._steps:
            epoch = None if self.epochs is None else self.epochs[row]
            start = self.offsets[row] - self.base
            if self.printed is not None:
                return self.printed(self.data, start)
            end = self.ends[row] - self.base if self.ends is not None else self.data.find(b"\n", start)
            self._steps[row] = self.steps.of(self.data, start, end, epoch, self.kind)
        return self._steps[row]

    def settled(self) -> SettledPlaces:
        """The same places, worked out for every record."""
        steps = (self.step(row) for row in range(len(self.offsets)))
        lines = array("q", map(self.line, self.offsets))
        return SettledPlaces(array("q", self.offsets), lines, array("d", (nan if step is None else step for step in steps)))
