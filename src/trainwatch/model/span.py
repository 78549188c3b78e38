"""When a log was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """When the run's log was written. Unix seconds where `absolute`, else seconds from an arbitrary zero.

    `how` names the clock: "arrivals", "timestamps", "progress bar", or "" when nothing tells. `idle` are the seconds between attempts.
    """

    start: float = float("nan")
    end: float = float("nan")
    how: Literal["arrivals", "timestamps", "progress bar", ""] = ""
    absolute: bool = False
    idle: float = 0.0

    @property
    def seconds(self) -> float | None:
        """The length without the time between attempts, None when not known."""
        length = self.end - self.start - self.idle
        return length if length >= 0 else None
