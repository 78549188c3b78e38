import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from trainwatch.store.files import write_json
from trainwatch.store.lock import HeldError, Lock, Process, holder, process, start_ticks, this_process


def put(path, who):
    write_json(path, {"v": 1, **asdict(who)})


def test_one_holds_the_lock(tmp_path):
    """The second is told whose it is; after the release it may have it."""
    first = Lock(tmp_path / "l")
    first.acquire()
    assert first.held()
    with pytest.raises(HeldError, match=f"supervised by process {os.getpid()} on"):
        Lock(tmp_path / "l").acquire()
    first.release()
    assert holder(tmp_path / "l") is None
    Lock(tmp_path / "l").acquire()
    assert [p.name for p in tmp_path.iterdir()] == ["l"]


def test_a_dead_holder_is_replaced(tmp_path):
    """A pid that is gone, reused since, or of an earlier boot holds nothing."""
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    dead = process(gone.pid)
    gone.wait()
    me = this_process()
    for stale in (dead, Process(me.pid, me.ticks + 1, me.host, me.boot), Process(me.pid, me.ticks, me.host, "another boot")):
        put(tmp_path / "l", stale)
        lock = Lock(tmp_path / "l")
        lock.acquire()
        assert lock.held()
        lock.release()


def test_a_holder_elsewhere_counts_as_alive(tmp_path):
    """From here nobody can tell; the text says what to do when it is gone."""
    put(tmp_path / "l", Process(1, 1, "node77", "b"))
    with pytest.raises(HeldError, match=r"process 1 on node77; if it no longer runs there, remove .*/l"):
        Lock(tmp_path / "l").acquire()


def test_a_damaged_lock_is_replaced(tmp_path):
    """A lock appears with its content, so one without sense is nobody's."""
    (tmp_path / "l").write_bytes(b"garbage")
    Lock(tmp_path / "l").acquire()
    assert holder(tmp_path / "l") == this_process()


def test_a_lock_taken_over_in_between_is_put_back(tmp_path):
    """Two that find a dead holder: the slower one does not throw out the faster one."""
    put(tmp_path / "l", this_process())
    slower = Lock(tmp_path / "l")
    slower._bury(Process(1, 1, "gone", ""))
    assert holder(tmp_path / "l") == this_process()


def test_release_leaves_the_lock_of_another(tmp_path):
    """Only the holder gives it back."""
    put(tmp_path / "l", Process(1, 1, "node77", "b"))
    Lock(tmp_path / "l").release()
    assert holder(tmp_path / "l") is not None


def test_a_zombie_has_not_started(tmp_path):
    """A process that only waits to be reaped supervises nothing."""
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(child.pid) == 0
    child.wait()
    child.stdout.close()
    assert start_ticks(os.getpid()) > 0
