import os
import signal
import subprocess
from dataclasses import replace

import pytest
from tests.pids import CANNOT, under_pid

from trainwatch.supervise import processes
from trainwatch.supervise.processes import Handle, read, scan, signal_all


def test_we_find_ourselves() -> None:
    """Pid, parent, start and command line are those of the kernel."""
    me = read(os.getpid())
    assert me is not None
    assert (me.parent, me.state) == (os.getppid(), "R")
    assert me.argv
    assert scan()[os.getpid()].ticks == me.ticks


def test_a_name_with_brackets_and_spaces_does_not_shift_the_fields() -> None:
    """The name of a process may hold anything; the start time is still the start time."""
    code = "import ctypes, time; ctypes.CDLL(None).prctl(15, b') S 1 (x', 0, 0, 0); print(flush=True); time.sleep(60)"
    process = subprocess.Popen(["python3", "-c", code], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        found = read(process.pid)
        assert found is not None
        assert found.parent == os.getpid()
    finally:
        process.kill()
        process.wait()


def test_only_the_variables_that_count_are_kept() -> None:
    """Nothing else of another process's environment gets into memory, journal or state."""
    process = subprocess.Popen(["sleep", "60"], env={"RANK": "1", "SECRET": "x", "PATH": os.environ["PATH"]})
    try:
        found = read(process.pid)
        assert found is not None
        assert set(found.environ) <= processes.KEPT
    finally:
        process.kill()
        process.wait()


def test_a_reused_pid_is_not_signalled() -> None:
    """Another process under the pid that was found is left alone, and one that is gone is no error."""
    process = subprocess.Popen(["sleep", "60"])
    while (found := read(process.pid)) is not None and found.argv != ("sleep", "60"):
        continue  # it is still about to become that program
    assert found is not None
    assert Handle.open(replace(found, ticks=found.ticks - 1)) is None
    assert signal_all([replace(found, ticks=found.ticks - 1)], signal.SIGKILL) == []
    assert process.poll() is None
    assert signal_all([found], signal.SIGKILL) == [found]
    process.wait()
    assert signal_all([found], signal.SIGKILL) == []


@pytest.mark.skipif(bool(CANNOT), reason=CANNOT)
def test_a_pid_given_away_within_a_tick_is_somebody_else() -> None:
    """The kernel gives the pid to another process with the same start in ticks: neither a handle from before nor a new one reaches it."""
    for _ in range(200):
        first = subprocess.Popen(["sleep", "60"])
        found = read(first.pid)
        assert found is not None
        before = Handle.open(found)
        assert before is not None
        first.kill()
        first.wait()
        with under_pid(found.pid, "sleep", "61") as bystander:
            now = read(bystander.pid)
            assert now is not None
            if now.pid == found.pid and now.ticks == found.ticks and now.argv[1:] == ("61",):
                assert not before.send(signal.SIGKILL)
                assert signal_all([found], signal.SIGKILL) == []
                assert bystander.poll() is None
                return
        before.close()
    pytest.fail("no pid was used again within a tick in 200 tries")


def test_a_stopped_process_is_woken_to_end() -> None:
    """SIGTERM to a process that ctrl-z stopped would wait for ever."""
    process = subprocess.Popen(["sleep", "60"])
    process.send_signal(signal.SIGSTOP)
    found = read(process.pid)
    assert found is not None
    signal_all([found], signal.SIGTERM)
    assert process.wait(timeout=10) == -signal.SIGTERM
