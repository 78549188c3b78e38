"""A run as the files it printed to, and the attempts in which it came about."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One log file of a run. `attempt` is that of its first byte, from 1. `rank` is whose output it holds, None: not that of one rank."""

    source: str
    attempt: int = 1
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A stretch of the run between two starts of the job: a requeue or a resume begins the next.

    Steps are None where no record tells one. `started` and `ended` are in Unix seconds, or in seconds of the log's own clock, NaN when
    nothing tells. `failure` is the kind of what ended it, empty when the log names none or it still runs.
    """

    number: int
    sources: tuple[str, ...]
    records: int = 0
    step_start: int | None = None
    step_end: int | None = None
    started: float = math.nan
    ended: float = math.nan
    failure: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it took, None when not known."""
        length = self.ended - self.started
        return length if length >= 0 else None

    def figures(self) -> dict[str, object]:
        """All of it as JSON values; what is not known is None."""
        times = {name: None if math.isnan(at) else at for name, at in (("started", self.started), ("ended", self.ended))}
        return {**asdict(self), "sources": list(self.sources), **times, "seconds": self.seconds, "failure": self.failure or None}


@dataclass(frozen=True, slots=True)
class Heard:
    """What one log file has said last. `bytes_read` of all its attempts; `last_line` cleaned, empty when there is none."""

    source: str
    attempt: int
    rank: int | None
    bytes_read: int
    last_line: str
