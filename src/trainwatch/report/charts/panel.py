"""One plot area: where a step and a value lie, its frame and its labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from trainwatch.present.numbers import number
from trainwatch.present.numbers import step as step_text
from trainwatch.present.scale import nice_step, tick_text, ticks
from trainwatch.report.charts.xml import element, text

LETTER = 6.6
"""The width of a letter of small text in pixels, as far as that can be known."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle in pixels, the steps 0 to `end` across, the values `low` to `high` upwards; `log` for a logarithmic scale."""

    x: float
    y: float
    width: float
    height: float
    end: float
    low: float
    high: float
    log: bool = False

    def across(self, step: float) -> float:
        """The x of a step, within the panel."""
        return self.x + self.width * min(max(step / self.end, 0.0), 1.0)

    def up(self, value: float) -> float:
        """The y of a value; one beyond the limits lies on the edge."""
        low, high, value = (_log(v) for v in (self.low, self.high, value)) if self.log else (self.low, self.high, value)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.y + self.height * (1 - min(max(share, 0.0), 1.0))

    def frame(self, title: str, note: str = "") -> Iterator[str]:
        """Grid, labels of the left axis and the name of the panel."""
        yield text(self.x, self.y - 6, title, class_="name")
        if note and LETTER * (len(title) + len(note) + 2) < self.width:
            yield text(self.x + self.width, self.y - 6, note, class_="dim", text_anchor="end")
        for value, label in self._marks():
            y = self.up(value)
            yield element("line", x1=self.x, x2=self.x + self.width, y1=y, y2=y, class_="grid")
            yield text(self.x - 5, y + 4, label, class_="dim", text_anchor="end")
        yield element("rect", x=self.x, y=self.y, width=self.width, height=self.height, class_="frame")

    def right_axis(self) -> Iterator[str]:
        """Labels at the right, for a second scale over the same place."""
        for value, label in self._marks():
            yield text(self.x + self.width + 5, self.up(value) + 4, label, class_="dim eval-text")

    def _marks(self) -> list[tuple[float, str]]:
        """The labelled values."""
        if self.log:
            first, last = math.ceil(_log(self.low) - 1e-9), math.floor(_log(self.high) + 1e-9)
            every = (last - first) // max(int(self.height // 22), 1) + 1
            return [(10.0**power, number(10.0**power)) for power in range(first, last + 1, every)]
        parts = max(int(self.height // 40), 2)
        unit = nice_step(self.high - self.low, parts)
        return [(value, tick_text(value, unit)) for value in ticks(self.low, self.high, parts)]

    def steps(self, name: str = "step") -> Iterator[str]:
        """The labels of the step axis below the panel, and what they count."""
        parts = max(int(self.width // 90), 2)
        y = self.y + self.height
        for value in ticks(0, self.end, parts):
            x = self.across(value)
            yield element("line", x1=x, x2=x, y1=y, y2=y + 4, class_="tick")
            yield text(x, y + 16, step_text(value), class_="dim", text_anchor="middle")
        yield text(self.x + self.width, y + 30, name, class_="dim", text_anchor="end")


def _log(value: float) -> float:
    """The decimal logarithm; what has none is far below."""
    return math.log10(value) if value > 0 else -400.0
