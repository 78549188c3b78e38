"""A real second process: what it gives, and that nothing of it is left. Each test is a process of its own: that of the tests has threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.live import wait_for

START = """
import os, signal, sys, threading, time
from pathlib import Path
from trainwatch.sources.forerunner import ROOM, WINDOW, Forerunner, is_possible

os.sched_setscheduler = lambda *_: None  # on a busy machine it would have to wait
CELLS, SIZE = range(1, 3 * WINDOW), 1000

def work(cell):
    return cell * SIZE, cell * SIZE + SIZE, [b"cell ", memoryview(b"%d" % cell)]

def begin(work=work):
    fd = os.open(sys.executable, os.O_RDONLY)
    try:
        return Forerunner(work, CELLS, SIZE, fd)
    finally:
        os.close(fd)

def ready(one, cells):
    "Wait until these results are there."
    while not {cell * SIZE for cell in cells} <= {start for start, _ in one._ready}:
        time.sleep(0.001)
        one._listen()

def taken(one, cells):
    "The cells whose result is there, when each is asked for in turn."
    results = {cell: bytes(one.take(cell * SIZE, cell * SIZE + SIZE) or b"") for cell in cells}
    assert all(result in (b"", b"cell %d" % cell) for cell, result in results.items()), results
    return [cell for cell, result in results.items() if result]

def descriptors(pid="self"):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))

before = descriptors()
"""

END = """
one.close()
assert descriptors() == before
try:
    raise AssertionError(f"a process is left: {os.waitpid(-1, os.WNOHANG)}")
except ChildProcessError:
    pass
"""


def run(script: str, end: str = END) -> str:
    """Run a script; returns what it printed. It prints nothing on standard error."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", START + script + end], check=False, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def test_every_result_is_there_once_and_is_what_was_asked_for() -> None:
    """Window after window, in room that windows share; what was taken is gone."""
    run("""
one, found = begin(), []
for first in CELLS[::WINDOW]:
    window = range(first, min(first + WINDOW, CELLS.stop))
    ready(one, window)
    found += taken(one, window)
assert found == list(CELLS)
assert not taken(one, window)
""")


def test_who_does_not_wait_misses_results_and_gets_no_wrong_one() -> None:
    """Both run as fast as they can: what is there is right."""
    run("""
for _ in range(20):
    one = begin()
    taken(one, CELLS)
    one.close()
one = begin()
""")


def test_what_has_no_room_is_not_there() -> None:
    """Results that are too large for the memory of a window: those that fit, the last cells first."""
    run("""
one = begin(lambda cell: (cell * SIZE, 0, [b"cell %d" % cell, bytes(ROOM // 4 - 7)]))
ready(one, range(WINDOW - 3, WINDOW + 1))
ready(one, range(2 * WINDOW - 3, 2 * WINDOW + 1))
assert len(one._ready) == 8
""")


@pytest.mark.parametrize("death", ["raise ValueError(cell)", "os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_process_that_dies_leaves_what_it_had_told(death: str) -> None:
    """An error, an end, a kill, in the middle of a window: nothing hangs, nothing is printed, the rest is not there."""
    run(f"""
def dies(cell):
    if cell == WINDOW - 8:
        {death}
    return work(cell)

one = begin(dies)
ready(one, range(WINDOW - 7, WINDOW + 1))
assert taken(one, CELLS) == list(range(WINDOW - 7, WINDOW + 1))
""")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_both_runs_nothing_of_ours_in_the_second_process(number: signal.Signals) -> None:
    """Ctrl-C reaches both: the handlers of the first process are not run twice."""
    run(f"""
signal.signal({int(number)}, lambda *_: print("handled"))
one = begin()
ready(one, range(WINDOW + 1, 2 * WINDOW + 1))
os.kill(one._pid, {int(number)})
assert os.waitid(os.P_PID, one._pid, os.WEXITED | os.WNOWAIT).si_status == {int(number)}
""")


def test_it_holds_no_file_of_the_first_process() -> None:
    """No terminal, no lock, no pipe but its own: nobody waits for it who waits for the end of the first process."""
    run("""
held = open(sys.executable)
one = begin()
ready(one, range(1, 2 * WINDOW + 1))
assert descriptors(one._pid) == 3
held.close()
""")


def test_it_ends_with_the_first_process() -> None:
    """Killed without a chance to clean up, the first process leaves nothing that works on, or waits for ever."""
    pid = int(
        run("""
one = begin()
print(one._pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
""")
    )
    wait_for(
        lambda: not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z",
        "the second process is gone",
    )


def test_no_process_can_be_had() -> None:
    """A limit of processes is told, and no pipe is left open."""
    told = run(
        """
def refuse():
    raise BlockingIOError(11, "Resource temporarily unavailable")

os.fork = refuse
try:
    begin()
except OSError:
    assert descriptors() == before
    print("refused")
""",
        end="",
    )
    assert told == "refused\n"


def test_there_is_none_beside_threads_and_none_without_a_second_processor() -> None:
    """A fork would tear threads apart; one processor is needed for the reading itself, and `taskset -c 0` is how to have none."""
    processors = os.sched_getaffinity(0)
    told = run(
        f"""
print(is_possible())
end = threading.Event()
threading.Thread(target=end.wait).start()
print(is_possible())
end.set()
os.sched_setaffinity(0, {{{min(processors)}}})
print(is_possible())
""",
        end="",
    )
    assert told.split() == [str(len(processors) > 1), "False", "False"]
