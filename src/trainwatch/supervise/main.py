"""The supervisor as a process: `python -P -m trainwatch.supervise.main RUN_DIR`. Ends 0 unless it died: 0 is not started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event

from trainwatch.model.errors import NotWrittenError, TrainwatchError
from trainwatch.sources.gpu import Nvml
from trainwatch.store.lock import HeldError, Lock
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import aside, clock
from trainwatch.supervise.loop import Supervisor

RETRY = 1.0
"""Seconds between tries to write the lock to a full disk."""

CLOSING = 300.0
"""Seconds that the closing command may take."""


def main(argv: list[str]) -> int:
    """Supervise the run directory named in `argv`, until its job is over or SIGTERM comes."""
    os.umask(0o077)
    asked = _listen()
    run_dir = RunDir(Path(argv[0]).absolute())
    os.chdir("/")  # a folder that somebody works in can be unmounted or removed
    lock = Lock(run_dir.lock)
    try:
        _acquire(lock, asked)
    except HeldError as error:
        return _say(error)
    if asked.is_set():
        return 0
    devices = Nvml()
    try:
        supervisor = Supervisor(run_dir, clock.of_run(run_dir), lock, sample=devices.sample, asked_to_end=asked.is_set)
        supervisor.run()
        if not asked.is_set() and supervisor.terms.closing:
            _close([*supervisor.terms.closing, str(run_dir.path)])
    except TrainwatchError as error:
        return _say(error)
    finally:
        devices.close()
        lock.release()
    return 0


def _acquire(lock: Lock, asked: Event) -> None:
    """Take the lock, as soon as the disk lets it be written. Raises HeldError; returns without it when we are asked to end meanwhile."""
    while not asked.is_set():
        try:
            return lock.acquire()
        except NotWrittenError:
            asked.wait(RETRY)
    return None


def _close(command: list[str]) -> None:
    """The last thing that is done for a run. It may fail: everything is on disk already."""
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, stdin=subprocess.DEVNULL, timeout=CLOSING, check=False)


def _listen() -> Event:
    """SIGTERM asks us to end; the terminal's signals mean nothing to us."""
    asked = Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: None)
    return asked


def _say(error: TrainwatchError) -> int:
    """An error that a second try would meet again."""
    aside.say(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
