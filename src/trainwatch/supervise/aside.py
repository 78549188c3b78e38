"""A word into supervisor.log, which is our stdout. A full disk swallows it and hurts nobody."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from trainwatch.store.rundir import RunDir


def say(text: str) -> None:
    """One line, unbuffered: what cannot be written now must not fail later."""
    with suppress(OSError):
        os.write(1, f"trainwatch: {text}\n".encode(errors="replace"))


def reason(run_dir: RunDir) -> str:
    """Why nobody supervises a run: its disk is full, or what supervisor.log says."""
    with suppress(OSError):
        if not os.statvfs(run_dir.path).f_bavail:
            return f"{run_dir.path}: {os.strerror(errno.ENOSPC)}"
    return f"the reason is in {run_dir.log}"
