"""A process under a pid of our choice, as the kernel gives one away again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LAST = Path("/proc/sys/kernel/ns_last_pid")

CANNOT = "" if os.access(LAST, os.W_OK) and os.geteuid() == 0 else f"only root may write {LAST}, which forces a pid"
"""Why no pid can be forced here; empty when it can."""


def start_under(pid: int, *command: str) -> subprocess.Popen[bytes]:
    """A command that has this pid, unless somebody else was faster."""
    LAST.write_text(str(pid - 1), encoding="ascii")
    return subprocess.Popen(command)


@contextmanager
def under_pid(pid: int, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that has this pid, unless somebody else was faster; it is gone afterwards."""
    process = start_under(pid, *command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
