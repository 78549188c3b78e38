"""The phases of reinforcement learning, by its reward: warm-up, improving, flat, collapsing."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from trainwatch.model.block import Block
from trainwatch.model.rewards import REWARDS
from trainwatch.model.snapshot import PhaseName, PhaseSpan
from trainwatch.rules.figures import figure
from trainwatch.rules.noise import median, noise, trend
from trainwatch.rules.windows import Windows

LOT = 10
"""Records whose median is one point: single rewards are mostly noise."""

WARMING = 5
"""Points before anything is said."""

SEEN = 10
"""Points over which the reward must show a trend to be improving."""

BACK = 50
"""Points over which a fall is looked for, at most."""

HOLD = 3
"""Points that a phase must last to be one."""

TREND = 1.64
"""Mann-Kendall's z of a trend: one in twenty by chance."""

FALL = 0.5
"""Share of its rise that a collapsing reward has lost."""

CLEAR = 4.0
"""Times the noise of points that it must have lost: the best of many is the luckiest."""

Place = tuple[int | None, float | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """A phase begins: at `start`, after a reward of `value`."""

    phase: PhaseName
    start: Place
    value: float


class Rewards:
    """Keeps the medians of the rewards and where phases began. What was said once is not said otherwise later."""

    def __init__(self) -> None:
        self._past: tuple[PhaseSpan, ...] = ()
        self._name = ""
        self._begin((0, 0.0))

    def _begin(self, start: Place) -> None:
        """Know nothing, from `start` on."""
        self._windows = Windows(LOT)
        self._values = array("d")
        self._places: list[Place] = [start]
        self._newest: Place = start
        self._turns = [Turn("warm-up", start, 0.0)]
        self._waiting: list[PhaseName] = []

    @property
    def known(self) -> bool:
        """Whether a reward was printed."""
        return bool(self._name)

    def begin_again(self) -> None:
        """What comes now is judged by itself; the phases so far stay what they are."""
        self._past = self.spans() if self.known else ()
        self._begin(self._newest)

    def go_back(self, *, anew: bool) -> None:
        """Steps go back: a window holds no two stretches; a run that begins anew has no phases yet."""
        self._windows.clear()
        if anew:
            self._past = ()
            self._begin((0, 0.0))

    def observe(self, block: Block) -> None:
        """Take in train or info records."""
        name = next((n for n in REWARDS if n in block.columns), "")
        if not name:
            return
        self._name = name
        for row, values in self._windows.fill(block.columns[name]):
            if values:
                self._add(median(values), (block.step(row), block.epoch(row)))
        last = len(block) - 1
        self._newest = block.step(last), block.epoch(last)

    def _add(self, value: float, place: Place) -> None:
        """One more point: a phase begins once it has held, at the point before its first."""
        self._values.append(value)
        self._places = [*self._places[-HOLD:], place]
        phase = self._phase()
        self._waiting = [*self._waiting, phase] if self._waiting[:1] == [phase] else [phase]
        if phase != self._turns[-1].phase and len(self._waiting) >= HOLD:
            first = len(self._waiting) + 1
            self._turns.append(Turn(phase, self._places[-first], self._values[-min(first, len(self._values))]))

    def _phase(self) -> PhaseName:
        """What the newest point says."""
        values = self._values
        if len(values) < WARMING:
            return "warm-up"
        near = values[-BACK:].tolist()
        best = max(range(len(near)), key=near.__getitem__)
        rise = near[best] - min(values)
        if near[best] - near[-1] > max(FALL * rise, CLEAR * (noise(near) or 0.0)) and trend(near[best:]) < -TREND:
            return "collapsing"
        return "improving" if trend(near[-SEEN:]) > TREND else "flat"

    def spans(self) -> tuple[PhaseSpan, ...]:
        """The phases so far."""
        turns = self._turns
        ends = [(turn.start, turn.value) for turn in turns[1:]] + [(self._newest, self._values[-1] if self._values else 0.0)]
        spans = (PhaseSpan(t.phase, *t.start, *end, self._why(t, value)) for t, (end, value) in zip(turns, ends, strict=True))
        return (*self._past, *spans)

    def _why(self, turn: Turn, end: float) -> str:
        """What makes it this phase."""
        way = f"{self._name} goes from {figure(turn.value)} to {figure(end)}"
        match turn.phase:
            case "warm-up":
                return f"the first {WARMING * LOT} records of {self._name}"
            case "flat":
                return f"{way}: no trend upwards"
            case "collapsing":
                return f"{way}, after more than half of what it had gained"
            case _:
                return way
