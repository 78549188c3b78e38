"""Save and stop before the end: of the allocation, or of the time that the user named."""

from __future__ import annotations

from trainwatch.supervise import slurm
from trainwatch.supervise.machine import Wish

MARGIN = 120.0
"""Seconds between the proof and the end: for the ranks to leave, and for a scheduler that is early."""

UNMEASURED = 60.0
"""Seconds that a save is believed to take before one was measured."""

LAST = 5.0
"""Seconds before the end at which there is nothing left to try."""


class Horizon:
    """When to save. `before` are seconds before the end, None: twice the time a save takes and a margin."""

    def __init__(self, job: str, *, ends_at: float | None, before: float | None) -> None:
        """`job` is Slurm's id, empty without Slurm; `ends_at` is what the user said, in Unix seconds, None: ask Slurm."""
        self._job = job
        self._stated = ends_at
        self._before = before
        self._ends_at = ends_at
        self._asked = -slurm.ASK_AGAIN

    @property
    def ends_at(self) -> float | None:
        """The end, in Unix seconds; None where none is known."""
        return self._ends_at

    def wish(self, now: float, save_seconds: float, *, ahead: float = 0.0) -> Wish | None:
        """The stop that is due now; None before that, and where nothing has an end. `save_seconds` 0: not measured.

        `ahead` is by how many seconds the machine's clock, and with it Slurm's, is ahead of `now`.
        """
        if self._stated is None and self._job and not 0 <= now - self._asked < slurm.ASK_AGAIN:
            self._ask(now, ahead)
        if not self._due(now, save_seconds):
            return None
        if self._stated is None:
            self._ask(now, ahead)  # the end may have been moved since
            if not self._due(now, save_seconds):
                return None
        return self._wish(now)

    def _due(self, now: float, save_seconds: float) -> bool:
        """Whether the moment has come."""
        before = self._before if self._before is not None else 2 * (save_seconds or UNMEASURED) + MARGIN
        return self._ends_at is not None and now >= self._ends_at - before

    def _wish(self, now: float) -> Wish | None:
        """Save, prove, stop: to be resumed. None when it is too late."""
        end = self._ends_at or 0.0
        if now >= end - LAST:
            return None
        name = f"end.{end:.0f}"
        why = f"{end - now:.0f} s are left"
        return Wish(name, "stop", cause="resume", key=f"end/{end:.0f}", rule="end of the allocation", why=why, deadline=end - LAST)

    def _ask(self, now: float, ahead: float) -> None:
        """What Slurm says; the last answer stands when it says nothing."""
        self._asked = now
        told = slurm.show(self._job)
        if told is not None:
            self._ends_at = None if told.ends_at is None else told.ends_at - ahead
