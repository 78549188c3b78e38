"""Whether a file is on this machine or reached over a network."""

from __future__ import annotations

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = ("nfs", "lustre", "gpfs", "cifs", "smb", "ceph", "fuse", "9p", "beegfs", "afs", "orangefs", "virtiofs")


def is_remote(path: Path) -> bool:
    """Whether other machines may write the file unseen. False when that cannot be told."""
    try:
        device = path.stat().st_dev
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}"
    return any(_kind(line).startswith(REMOTE) for line in lines if line.split(" ", 3)[2] == wanted)


def _kind(line: str) -> str:
    """The type of filesystem in a line of mountinfo: the first word after the dash."""
    return line.partition(" - ")[2].partition(" ")[0]
