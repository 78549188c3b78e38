"""The only clock."""

from __future__ import annotations

import time


class SystemClock:
    """The machine's own time; see `model.clock.Clock`."""

    def now(self) -> float:
        """Unix seconds, for the record. May jump."""
        return time.time()  # noqa: TID251  this is the place

    def monotonic(self) -> float:
        """Seconds from an arbitrary zero, for durations. Never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
