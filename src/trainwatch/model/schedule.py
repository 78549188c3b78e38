"""The learning-rate schedule that a run really follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FittedSchedule:
    """A schedule that describes the printed rates.

    `parameters` holds its settings under their usual names, lengths in optimizer steps. `max_error` is the largest residual in units
    of the rate; `exact` says that the print explains every residual. `identified`: no other family comes near it. `points` were
    looked at. `scheduler` is the class known to produce it, empty when many do; `text` describes it in words.
    """

    family: str
    parameters: Mapping[str, float | str]
    max_error: float
    exact: bool
    identified: bool
    points: int
    scheduler: str
    text: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """The printed rates: what they follow (None: nothing known), and whether that is not what is configured (None: nobody can tell)."""

    fitted: FittedSchedule | None
    mismatch: bool | None
