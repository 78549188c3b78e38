"""Starts the processes that outlive a command: shim and supervisor, each in a session of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trainwatch.model.errors import TrainwatchError
from trainwatch.store.lock import holder
from trainwatch.store.rundir import RunDir

SHIM = Path(__file__).with_name("shim.py")


def supervisor_command(run_dir: RunDir) -> tuple[str, ...]:
    """What supervises a run. `-P`: a folder called trainwatch in the working directory is not taken for us."""
    return (sys.executable, "-P", "-m", "trainwatch.supervise.main", str(run_dir.path))


def shim(run_dir: RunDir, out: int, err: int) -> subprocess.Popen[bytes]:
    """Start the job's parent. `out` and `err` are the job's: descriptors of files. Raises TrainwatchError."""
    try:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(SHIM), str(run_dir.path)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        raise TrainwatchError(f"{sys.executable}: {error.strerror}; nothing was started") from error


def supervisor(run_dir: RunDir) -> None:
    """Start a supervisor for a run that has none, apart from us: it stays when we end. Raises TrainwatchError."""
    log = os.open(run_dir.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", TWICE, *supervisor_command(run_dir)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ).wait()
    except OSError as error:
        raise TrainwatchError(f"{sys.executable}: {error.strerror}; the run is not supervised") from error
    finally:
        os.close(log)


TWICE = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
"""A process between us and the supervisor, so that it is nobody's zombie."""


def supervised(run_dir: RunDir) -> bool:
    """Whether somebody holds the run, as far as can be told from here."""
    who = holder(run_dir.lock)
    return who is not None and who.alive() is not False
