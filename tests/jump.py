"""A machine whose clock is set while a job runs: every process of a test sees the same jump, and nobody else does."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CANNOT = "" if shutil.which("cc") else "there is no C compiler (cc), with which the clock of a process can be set"
"""Why no clock can be set here; empty when one can."""


@dataclass(frozen=True)
class Settable:
    """A clock for processes that are started with `environ`; it lies in `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        """Build what is preloaded."""
        self.set_by(0)
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(self.folder / "jump.so"), str(source)], check=True, timeout=60)

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to see this clock."""
        return {"LD_PRELOAD": str(self.folder / "jump.so"), "CLOCK_AHEAD": str(self.folder / "ahead")}

    def set_by(self, seconds: int) -> None:
        """Set it so many seconds ahead of the machine's, or behind it."""
        new = self.folder / "ahead.new"
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self.folder / "ahead")
