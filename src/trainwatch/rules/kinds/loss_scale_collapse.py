"""The loss scale of half-precision training keeps halving (rule N8)."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import lt

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence, Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import figure, percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok


@dataclass(frozen=True, slots=True)
class Settings:
    """Spans are steps, records where no step is known. `halvings` in the last `span`, or a fall to `least` or less, are orange.

    More than `skipped` of the last `span` steps left out are red. The first `start` steps do not count: the scale looks for its level.
    """

    halvings: int = 5
    span: int = 200
    least: float = 1.0
    skipped: float = 0.05
    start: int = 100


class LossScaleCollapse(Rule):
    """Keeps the newest scale, and at which records it fell or a step was skipped."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._scale = math.nan
        self._at = 0
        self._highest = 0.0
        self._falls: deque[int] = deque()
        self._skips: deque[int] = deque()
        self._known = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("a loss scale")

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Quick while the scale does not fall."""
        if block.kind == "eval":
            return ()
        scales = block.columns.get("loss_scale")
        if not scales:
            self._at = self._reached(block, len(block) - 1, len(block))
            return ()
        if not self._falls and not self._skips and self._known and self._rising(scales) and self._is_off_the_floor(scales):
            self._at = self._reached(block, len(scales) - 1, len(scales))
            self._scale = scales[-1]
            self._highest = max(self._highest, self._scale)
            return ()
        return list(self._rows(block, scales))

    def noticed(self, block: Block, history: History) -> Judgement | None:  # noqa: ARG002
        """A skipped step."""
        if not block.texts or block.texts[0].get("event") != "overflow":
            return None
        self._known = True
        self._skips.append(self._at)
        scale = block.columns.get("loss_scale")
        if scale and math.isfinite(scale[0]):
            self._take(scale[0])
        step, epoch = block.step(0), block.epoch(0)
        return self._judge(Evidence("loss_scale", self._scale, step, epoch, block.source, block.attempt, block.line(0)))

    def _rising(self, scales: array[float]) -> bool:
        """Whether no scale is below the one before."""
        return not scales[0] < self._scale and not any(map(lt, islice(scales, 1, None), scales))

    def _is_off_the_floor(self, scales: array[float]) -> bool:
        """Whether no scale has come down to the least one: all are above it, or none ever was."""
        return min(scales) > self.settings.least or max(self._highest, scales[-1]) <= self.settings.least

    def _rows(self, block: Block, scales: array[float]) -> Iterator[tuple[int, Judgement]]:
        for row, scale in enumerate(scales):
            self._at = self._reached(block, row, 1)
            if math.isfinite(scale):
                self._take(scale)
            self._known = True
            yield row, self._judge(printed(block, "loss_scale", row))

    def _take(self, scale: float) -> None:
        """Note a fall by half or more."""
        if scale <= self._scale / 2:
            self._falls.append(self._at)
        self._scale = scale
        self._highest = max(self._highest, scale)

    def _reached(self, block: Block, row: int, records: int) -> int:
        """The step of a row, else as many records further."""
        step = block.step(row)
        return step if step is not None else self._at + records

    def _judge(self, evidence: Evidence) -> Judgement:
        s, since = self.settings, self._at - self.settings.span
        for marks in (self._falls, self._skips):
            while marks and marks[0] <= since:
                marks.popleft()
        late, falls = ([at for at in marks if at > s.start] for marks in (self._skips, self._falls))
        share = len(late) / s.span
        where = place(evidence.step, evidence.epoch)
        if share > s.skipped:
            why = f"{len(late)} of the last {s.span} steps were skipped ({percent(share)}){where}: gradients overflow at any loss scale"
            return fired(Severity.RED, why, (evidence,), f"fewer than {percent(s.skipped / 2)} skipped steps")
        if len(falls) >= s.halvings or self._scale <= s.least < self._highest:
            why = f"the loss scale is {figure(self._scale)}{where} after falling {len(falls)} times in the last {s.span} steps"
            return fired(Severity.ORANGE, why, (evidence,), "a loss scale that rises again")
        calm = not self._falls and not self._skips
        return ok("the loss scale holds", holds=Severity.ORANGE if 2 * len(falls) >= s.halvings else None, negated=calm)


KIND = Kind(
    name="loss_scale_collapse",
    summary="the loss scale of half-precision training keeps halving",
    needs="a loss scale or skipped steps in the log",
    settings=Settings,
    make=LossScaleCollapse,
    ladder={Severity.ORANGE: "notify", Severity.RED: "stop"},
    proof="existing",
)
