"""Single values far above the rest of a column: what loss_spike and exploding_gradient share."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator

from trainwatch.model.block import Block
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Rule, ok, pending

REFRESH = 32
"""Records after which the limit is computed anew: a limit per record would cost more than reading the log."""

SETTLED = 1024
"""Records after which the limit moves slowly, and is computed anew four times less often."""

ENOUGH = 20
"""Finite values without which there is no limit."""


class Spikes(Rule):
    """Keeps the newest values of `column`, and where the spikes were.

    A kind says what the limit of a window is, and what it finds in a spike. It is over after `window` records without one.
    """

    column = "loss"

    def __init__(self, window: int, span: int) -> None:
        self.middle = 0.0
        self.count = 0
        self.in_row = 0
        self._window = window
        self._span = span
        self._before: array[float] = array("d")
        self._records = 0
        self._limit = math.inf
        self._unread: list[float] = []
        self._least = -math.inf
        self._spikes: deque[int] = deque()
        self._known = False

    def limit(self, values: list[float]) -> float:
        """Above this a value is a spike; sets `middle`."""
        raise NotImplementedError

    def least(self, lowest: float) -> float:
        """What the limit of a window is at least, by its lowest value: below that the window need not be looked at."""
        raise NotImplementedError

    def found(self, block: Block, row: int) -> Judgement:
        """The verdict on a spike."""
        raise NotImplementedError

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return pending("too few train records yet")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Compare whole stretches with the limit; look at single records only where one is above."""
        values = block.columns.get(self.column) if block.kind != "eval" else None
        if not values:
            return ()
        first = [] if self._known else [(0, ok(f"no {self.column} stands out"))]
        self._known = True
        return [*first, *self._stretches(block, values)]

    def went_back(self, *, anew: bool) -> None:  # noqa: ARG002
        """What follows is compared with itself."""
        del self._before[:]
        self._limit, self._unread = math.inf, []
        self._records -= self._records % (4 * REFRESH)

    def _stretches(self, block: Block, values: array[float]) -> Iterator[tuple[int, Judgement]]:
        row, extremes = 0, block.extremes(self.column)
        highest = extremes[1] if extremes is not None else math.inf
        while row < len(values):
            every = REFRESH if self._records < SETTLED else 4 * REFRESH
            end = min(row + every - self._records % every, len(values))
            if self._spikes or not self._is_below(highest, values, row, end):
                self._settle()
                yield from self._look(block, values, row, end)
            else:
                self._records += end - row
            row = end
            if self._records % every == 0:
                self._take(values[max(end - self._window, 0) : end])
        self._before = (self._before + values[-self._window :])[-self._window :]

    def _take(self, newest: array[float]) -> None:
        """A new window is what the next values are compared with: these and as many before the block as it still holds."""
        missing = self._window - len(newest)
        window = [*self._before[-missing:], *newest] if missing else newest.tolist()
        if not math.isfinite(sum(window)):
            window = [v for v in window if math.isfinite(v)]
        if len(window) >= ENOUGH:
            self._unread, self._least = window, self.least(min(window))

    def _is_below(self, highest: float, values: array[float], start: int, end: int) -> bool:
        """Whether no value of a stretch is a spike, `highest` being that of the block.

        Single values are only looked at where that one does not tell, and the window is only put in order where its lowest value does not.
        """
        if highest <= (self._least if self._unread else self._limit):
            return True
        highest = max(values[start:end])
        if self._unread and highest <= self._least:
            return True
        self._settle()
        return highest <= self._limit

    def _settle(self) -> None:
        """The limit of the newest window."""
        if self._unread:
            self._limit, self._unread = self.limit(self._unread), []

    def _look(self, block: Block, values: array[float], start: int, end: int) -> Iterator[tuple[int, Judgement]]:
        """Record by record."""
        for row in range(start, end):
            self._records += 1
            while self._spikes and self._spikes[0] <= self._records - self._span:
                self._spikes.popleft()
            if self._limit < values[row] < math.inf:
                self._spikes.append(self._records)
                self.count, self.in_row = len(self._spikes), self.in_row + 1
                yield row, self.found(block, row)
                continue
            self.in_row = 0
            if self._spikes and self._records - self._spikes[-1] == self._window:
                yield row, ok(f"none in the last {self._window} records", negated=True)
