import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.jump import CANNOT, Settable
from tests.live import Live, living, wait_for

from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile
from trainwatch.supervise import clock
from trainwatch.supervise.clock import SteadyClock, SystemClock

HOURS = 3600
STEADY = "--flat --pause 0.02"


def test_a_clock_that_is_set_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clock jumps an hour; the supervisor's goes on by the seconds that passed."""
    system, steady = SystemClock(), SteadyClock()
    before = steady.now()
    assert abs(before - system.now()) < 5
    at = system.now()
    monkeypatch.setattr(time, "time", lambda: at + 3600)
    assert system.now() - before > 3500
    assert steady.wall() - before > 3500
    assert 0 <= steady.now() - before < 5


def test_sleeping_takes_time() -> None:
    """Neither clock goes back."""
    steady = SteadyClock()
    before, mono = steady.now(), steady.monotonic()
    steady.sleep(0.01)
    assert steady.now() - before >= 0.009
    assert steady.monotonic() > mono


@pytest.mark.parametrize(
    ("kept", "goes_on"), [(clock.mark(7.0), True), ({"boot": "another", "zero": 7.0}, False), ("7", False), ({"boot": None}, False)]
)
def test_the_next_supervisor_goes_by_the_clock_of_the_one_before(tmp_path: Path, kept: object, goes_on: bool) -> None:  # noqa: FBT001
    """Within a boot; after another boot, or with a state that makes no sense, by the machine's."""
    run_dir = RunDir(tmp_path)
    assert clock.of_run(run_dir).zero != 7.0
    StateFile("running", extra={"clock": kept}).save(run_dir)
    assert (clock.of_run(run_dir).zero == 7.0) == goes_on


@pytest.fixture
def settable(tmp_path: Path) -> Iterator[tuple[Settable, Live]]:
    """A machine whose clock the test sets."""
    if CANNOT:
        pytest.skip(CANNOT)
    (tmp_path / "clock").mkdir()
    machine = Settable(tmp_path / "clock")
    with living(tmp_path, machine.environ) as live:
        yield machine, live


@pytest.mark.real
def test_the_clock_of_a_process_is_set(settable: tuple[Settable, Live]) -> None:
    """What the tests below stand on: the time of day jumps, the time since boot does not."""
    machine, live = settable
    machine.set_by(5 * HOURS)
    command = [sys.executable, "-c", "import time; print(time.time(), time.monotonic())"]
    told = subprocess.run(command, env=live.environ, capture_output=True, text=True, check=True).stdout.split()
    assert float(told[0]) - SystemClock().now() == pytest.approx(5 * HOURS, abs=60)
    assert float(told[1]) == pytest.approx(time.monotonic(), abs=60)


@pytest.mark.real
@pytest.mark.parametrize("seconds", [26 * HOURS, -26 * HOURS])
def test_no_deadline_is_met_by_a_jump(settable: tuple[Settable, Live], seconds: int) -> None:
    """The clock is set a day ahead or back while SIGTERM works, and the supervisor dies: no SIGKILL before the grace, one stop."""
    machine, live = settable
    run = live.launch("--may stop=overfit --grace 60s --kill-after 1s --veto 1s", "--pause 0.01 --term slow")
    wait_for(lambda: run.machine() == "veto", "veto")
    machine.set_by(seconds)
    wait_for(lambda: run.machine() == "terminating", "SIGTERM")
    machine.set_by(-seconds)
    os.kill(run.supervisor(), signal.SIGKILL)
    assert run.wait() == 80
    assert {entry["signal"] for entry in run.journal("signal")} == {"SIGTERM"}


@pytest.mark.real
@pytest.mark.parametrize("seconds", [26 * HOURS, -26 * HOURS])
def test_people_are_heard_after_a_jump(settable: tuple[Settable, Live], seconds: int) -> None:
    """A request that was written by the new time is not called stale, and who waits hears how it went."""
    machine, live = settable
    run = live.launch("", STEADY)
    run.supervisor()
    machine.set_by(seconds)
    assert live.run("save", run.id).returncode == 0
    assert live.run("stop", run.id, "--confirm", run.id).returncode == 83
