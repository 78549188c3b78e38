"""Time, as something that is handed over."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Where time comes from. `supervise/clock.py` holds the only real one; tests hold their own."""

    def now(self) -> float:
        """Unix seconds, for the record. May jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary zero, for durations. Never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait. May be woken early."""
        ...
