"""A second user of the machine, for tests of who may do what."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

import trainwatch

NOBODY = 65534
"""User and group of the second one."""


def _python() -> str:
    """An interpreter of our version that another user may run; empty without one."""
    for candidate in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        done = subprocess.run([*WORD, candidate, "-c", ""], check=False, capture_output=True) if Path(candidate).exists() else None
        if done is not None and done.returncode == 0:
            return candidate
    return ""


WORD = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
ROOT = os.geteuid() == 0 and shutil.which("setpriv") is not None
PYTHON = _python() if ROOT else ""
CANNOT = "" if PYTHON else "only root can be a second user, with setpriv and a Python that everybody may run"
"""Why there is no second user here; empty when there is one."""


def command(*words: str, groups: str = "--clear-groups") -> list[str]:
    """A command line of the second user; `groups` as in setpriv(1)."""
    return [*WORD[:3], groups, *words]


def environ(given: Mapping[str, str]) -> dict[str, str]:
    """An environment in which the second user's Python finds us and what we stand on."""
    places = {Path(module.__file__ or "").parents[1] for module in (trainwatch, psutil)}
    return {**given, "PYTHONPATH": os.pathsep.join(map(str, places)), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def common_ground() -> Iterator[Path]:
    """A folder that both users may enter; pytest's own are for one alone."""
    folder = Path(tempfile.mkdtemp(prefix="trainwatch-people-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
