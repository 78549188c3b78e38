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


class SteadyClock(SystemClock):
    """Unix time that never jumps: read once, and from then on by the seconds that pass.

    A clock that is set while we run must not look like an hour of silence, or like the end of a grace.
    """

    def __init__(self) -> None:
        self._zero = super().now() - self.monotonic()

    def now(self) -> float:
        """Unix seconds, as the machine had them when this clock was made."""
        return self._zero + self.monotonic()
