"""A success criterion that a rules file states, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CriterionState = Literal["met", "on course", "off course", "missed", "cannot be judged"]
"""`met` and `missed` are final, the others are not: `on course` and `off course` are what the projection says."""

STATES: tuple[CriterionState, ...] = ("met", "on course", "off course", "missed", "cannot be judged")


@dataclass(frozen=True, slots=True)
class CriterionStatus:
    """A criterion at one moment.

    `target` says it in words: `eval_loss < 50 by the end of epoch 1`. `why` is one sentence for the user.
    `value` is the newest finite one that counts, printed at `step` and `epoch`; `limit` is what it is compared with.
    `projected` is the value expected at the deadline, and `reached_at` where the limit is expected to be passed, on the axis `axis`
    ("step" or "epoch"); `assumption` says on what both rest. None and empty: not known, or nothing is projected.
    """

    name: str
    target: str
    state: CriterionState
    why: str
    value: float | None = None
    step: int | None = None
    epoch: float | None = None
    limit: float | None = None
    deadline: float | None = None
    axis: Literal["step", "epoch", ""] = ""
    projected: float | None = None
    reached_at: float | None = None
    assumption: str = ""
