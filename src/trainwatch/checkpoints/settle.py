"""Getting a checkpoint onto the disk: frameworks do not sync what they write, and a node that crashes loses it."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from trainwatch.checkpoints.folder import Folder, look


@dataclass(frozen=True, slots=True)
class Settled:
    """How many of `total` files are known to be on the disk. `why` says why not all are; empty when they are."""

    files: int
    total: int
    why: str = ""

    @property
    def complete(self) -> bool:
        """Whether everything, the folder's own entries included, is on the disk."""
        return not self.why


def settle(path: Path, *, within: float = 30.0) -> Settled:
    """Sync each file of a checkpoint, then its folders. Returns after `within` seconds at most, synced or not. Never raises.

    A file system that does not answer keeps a thread of ours waiting, and nobody else.
    """
    try:
        folder = look(path)
    except (OSError, RuntimeError, ValueError) as error:
        return Settled(0, 0, f"cannot be looked at: {error}")
    done: list[str] = []
    failed: list[str] = []
    thread = threading.Thread(target=_sync, args=(folder, done, failed), daemon=True)
    thread.start()
    thread.join(within)
    files = len([name for name in done if name in folder.sizes])
    if thread.is_alive():
        return Settled(files, len(folder.sizes), f"not finished within {within:g} s")
    return Settled(files, len(folder.sizes), "; ".join(failed))


def _sync(folder: Folder, done: list[str], failed: list[str]) -> None:
    """Sync files, then folders, and note each."""
    root = folder.path if folder.path.is_dir() else folder.path.parent
    folders = {str(parent) for name in folder.sizes for parent in Path(name).parents} | {"."}
    for name in [*folder.sizes, *sorted(folders)]:
        try:
            _sync_one(root / name)
            done.append(name)
        except OSError as error:
            failed.append(f"{name}: {error.strerror or error}")


def _sync_one(path: Path) -> None:
    """Sync a file or a folder. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
