"""What ended a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """The cause of death, as the `failure` object of the report.

    `line` is the 1-based line of the root cause, 0 when no line tells. `rank` is None when no rank is named.
    `provable` says whether the log itself proves the cause. `echoes` are lines that repeat or follow it and are not the cause.
    """

    kind: str
    source: str
    line: int
    text: str
    rank: int | None = None
    provable: bool = True
    echoes: tuple[int, ...] = ()
    advice: str = ""
