"""A second process that works on pieces of a file before this one comes to them.

The pieces are cells of one size, taken a window at a time. The second process begins with the last cell of a window and works towards the
first, until it meets this one, which comes from the other side: both are always busy, and what the second one has not done is not there, no
more. What it makes lies in memory that both share; what is ready is told through a pipe. It takes a processor only when nobody else wants
it, and ends with this process.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Never

WINDOW = 48
"""Cells in a window."""

ROOM = 16 << 20
"""Bytes that the results of a window may take: what does not fit is not there."""

POSITION = struct.Struct("q")
READY = struct.Struct("4q")
FDS, TASKS = Path("/proc/self/fd"), Path("/proc/self/task")

Parts = Sequence[bytes | memoryview]
Work = Callable[[int], tuple[int, int, Parts] | None]
"""Gives for the number of a cell what its result is asked for by, a begin and an end in the file, and the result as bytes."""


def is_possible() -> bool:
    """Whether there is a second processor for us, and nothing in this process that a fork would tear apart."""
    try:
        return len(os.sched_getaffinity(0)) > 1 and len(list(TASKS.iterdir())) == 1
    except (AttributeError, OSError):
        return False


class Forerunner:
    """Does `work` for some `cells` of a file, each of `size` bytes. `reads` is the descriptor that it reads from.

    Raises OSError where no process can be had.
    """

    def __init__(self, work: Work, cells: range, size: int, reads: int) -> None:
        self._cells, self._size = cells, size
        self._memory = mmap.mmap(-1, mmap.PAGESIZE + 2 * ROOM)
        self._shared = memoryview(self._memory)
        self._ready: dict[tuple[int, int], tuple[int, int]] = {}
        self._window = 0
        ready, tell = os.pipe()
        wait, go = os.pipe()
        self._ends = (ready, go)
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._pid = os.fork()
            if self._pid == 0:
                self._run(work, tell, wait, reads)
        except OSError:
            self._let_go()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            os.close(tell)
            os.close(wait)
        for end in self._ends:
            os.set_blocking(end, False)

    def take(self, start: int, stop: int) -> memoryview | None:
        """The result that is asked for by these, until the next call; None when it is not there.

        Whoever asks is at byte `start` of the file, and does not go back.
        """
        POSITION.pack_into(self._shared, 0, start)
        self._enter(((start + self._size // 2) // self._size - self._cells.start) // WINDOW, start)
        if (start, stop) not in self._ready:
            self._listen()
        place, size = self._ready.pop((start, stop), (0, 0))
        return self._shared[place : place + size] if size else None

    def close(self) -> None:
        """End it, wherever it is."""
        self._let_go()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _let_go(self) -> None:
        """Close our ends of the pipes."""
        for end in self._ends:
            os.close(end)

    def _enter(self, window: int, start: int) -> None:
        """When a window is entered, what is left of the one before is not asked for any more: its room is free for the one behind."""
        while self._window < window:
            self._window += 1
            self._listen()
            self._ready = {name: place for name, place in self._ready.items() if name[0] >= start}
            with suppress(OSError):
                os.write(self._ends[1], b".")

    def _listen(self) -> None:
        """Hear what is ready."""
        with suppress(OSError):
            while told := os.read(self._ends[0], READY.size << 8):
                for start, stop, place, size in READY.iter_unpack(told):
                    self._ready[start, stop] = place, size

    def _run(self, work: Work, tell: int, wait: int, reads: int) -> Never:
        """The second process, from its first moment to its last: nothing of what this one had begun goes on in it."""
        try:
            for number in signal.valid_signals():
                if callable(signal.getsignal(number)):
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            for fd in {int(link.name) for link in FDS.iterdir()} - {tell, wait, reads}:
                with suppress(OSError):
                    os.close(fd)
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            self._windows(work, tell, wait)
        finally:
            os._exit(0)

    def _windows(self, work: Work, tell: int, wait: int) -> None:
        """Window after window; there is room for two."""
        for window, first in enumerate(self._cells[::WINDOW]):
            if window > 1 and not os.read(wait, 1):
                return
            begin = mmap.PAGESIZE + window % 2 * ROOM
            room = self._shared[begin : begin + ROOM]
            used = 0
            for cell in reversed(range(first, min(first + WINDOW, self._cells.stop))):
                if cell * self._size <= POSITION.unpack_from(self._shared)[0]:
                    break
                made = work(cell)
                if made is None:
                    continue
                size = _put(made[2], room[used:])
                if not size:
                    break
                os.write(tell, READY.pack(*made[:2], begin + used, size))
                used += size


def _put(parts: Parts, room: memoryview) -> int:
    """Write parts one behind the other; returns their size, 0 when there is no room for them."""
    size = sum(map(len, parts))
    if size > len(room):
        return 0
    at = 0
    for part in parts:
        room[at : at + len(part)] = part
        at += len(part)
    return size
