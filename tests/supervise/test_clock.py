import time

import pytest

from trainwatch.supervise.clock import SteadyClock, SystemClock


def test_a_clock_that_is_set_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock jumps an hour; the supervisor's goes on by the seconds that passed."""
    system, steady = SystemClock(), SteadyClock()
    before = steady.now()
    assert abs(before - system.now()) < 5
    at = system.now()
    monkeypatch.setattr(time, "time", lambda: at + 3600)
    assert system.now() - before > 3500
    assert 0 <= steady.now() - before < 5


def test_sleeping_takes_time() -> None:
    """Neither clock goes back."""
    clock = SteadyClock()
    before, mono = clock.now(), clock.monotonic()
    clock.sleep(0.01)
    assert clock.now() - before >= 0.009
    assert clock.monotonic() > mono
