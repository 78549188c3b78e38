"""One part of a step takes most of its time: generation against training."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.verdict import Severity
from trainwatch.rules.evidence import printed
from trainwatch.rules.figures import percent, place
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Kind, Rule, blind, fired, ok, pending
from trainwatch.rules.noise import median
from trainwatch.rules.windows import Windows


@dataclass(frozen=True, slots=True)
class Settings:
    """The time `part` (the first name that is there) over `whole`, both per record in one unit, as the median of every `window` records.

    Where there is no whole, it is the sum of all columns that begin with one of `prefixes`. `about` is what the sentence adds.
    """

    part: tuple[str, ...] = ("timing_s/gen", "timing/gen")
    whole: tuple[str, ...] = ("timing_s/step", "timing/step", "step_time")
    prefixes: tuple[str, ...] = ("timing_s/", "timing/")
    yellow: float = 0.8
    window: int = 20
    about: str = ""


class TimeShare(Rule):
    """Keeps the window that is being filled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._part = Windows(settings.window)
        self._whole = Windows(settings.window)
        self._known = False

    def start(self) -> Judgement:
        """Nothing has been seen yet."""
        return blind("the time of a step and of its parts")

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Only what holds the time of the part."""
        return any(name in columns for name in self.settings.part)

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Judge every window."""
        s, columns = self.settings, block.columns
        part = next((n for n in s.part if n in columns), "")
        whole = [n for n in s.whole if n in columns][:1] or [n for n in columns if n.startswith(s.prefixes)]
        if not part or not whole or block.kind == "eval":
            return ()
        known, self._known = self._known, True
        return [*([] if known else [(0, pending("the first window is being filled"))]), *self._windowed(block, part, whole)]

    def _windowed(self, block: Block, part: str, whole: list[str]) -> Iterator[tuple[int, Judgement]]:
        wholes = block.columns[whole[0]][:]
        for i in range(len(wholes)):
            wholes[i] = sum(block.columns[n][i] for n in whole)
        for (row, parts), (_, times) in zip(self._part.fill(block.columns[part]), self._whole.fill(wholes), strict=True):
            if parts and times and median(times) > 0:
                yield row, self._judge(block, part, row, median(parts) / median(times))

    def _judge(self, block: Block, part: str, row: int, share: float) -> Judgement:
        s, at = self.settings, printed(block, part, row)
        if share <= s.yellow:
            return ok(f"{part} takes {percent(share)} of a step", negated=True)
        why = f"{part} takes {percent(share)} of a step{place(at.step, at.epoch)}" + (f": {s.about}" if s.about else "")
        return fired(Severity.YELLOW, why, (at,), f"less than {percent(s.yellow)} would withdraw it")


KIND = Kind(
    name="time_share",
    summary="one part of a step takes most of its time",
    needs="the time of a step and of its parts",
    settings=Settings,
    make=TimeShare,
    ladder={Severity.YELLOW: "notify"},
)
