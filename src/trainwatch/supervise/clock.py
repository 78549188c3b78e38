"""The only clock."""

from __future__ import annotations

import time
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.store import statefile
from trainwatch.store.lock import boot_id
from trainwatch.store.rundir import RunDir


class SystemClock:
    """The machine's own time; see `model.clock.Clock`."""

    def now(self) -> float:
        """Unix seconds, for the record. May jump."""
        return self.wall()

    def wall(self) -> float:
        """Unix seconds as the machine has them, for what others have written down by it."""
        return time.time()  # noqa: TID251  this is the place

    def monotonic(self) -> float:
        """Seconds from an arbitrary zero, for durations. Never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class SteadyClock(SystemClock):
    """Unix time that never jumps: read once, and from then on by the seconds that pass.

    A clock that is set while we run must not look like an hour of silence, or like the end of a grace.
    """

    def __init__(self, zero: float | None = None) -> None:
        """`zero` is the Unix time of this boot as another steady clock has it; None: as the machine has it now."""
        self.zero = self.wall() - self.monotonic() if zero is None else zero

    def now(self) -> float:
        """Unix seconds, as the machine had them when the first of these clocks was made."""
        return self.zero + self.monotonic()


def of_run(run_dir: RunDir) -> SteadyClock:
    """The clock of a run's supervisors: each goes on where the one before it was, whatever became of the machine's time in between.

    A new one where there was none, or where it ran in another boot or on another machine.
    """
    try:
        kept = statefile.load(run_dir)
    except NotReadableError:
        kept = None
    mark: Any = kept.extra.get("clock") if kept is not None else None
    known = isinstance(mark, dict) and mark.get("boot") == boot_id() != ""
    zero = mark.get("zero") if known else None
    return SteadyClock(zero if isinstance(zero, int | float) else None)


def mark(zero: float) -> dict[str, object]:
    """What `of_run` finds again in state.json. `zero` as in `SteadyClock`."""
    return {"boot": boot_id(), "zero": zero}
