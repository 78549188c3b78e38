"""Whether a checkpoint is complete, by its structure: milliseconds, nothing loaded, nothing unpickled."""

from __future__ import annotations

import math
from pathlib import Path

from trainwatch.checkpoints.folder import Folder, look
from trainwatch.checkpoints.kinds import Kind, kind_of
from trainwatch.checkpoints.step import named_step
from trainwatch.model.inputs import CheckpointSeen

REASONS = 3
"""How many faults are told; the rest are counted."""


def prove(path: Path, *, at: float = math.nan, world_size: int | None = None) -> CheckpointSeen:
    """Look at a checkpoint, a folder or a file. Never raises: what cannot be proven is not complete, and `why` says so.

    `at` is the time to note, in Unix seconds. `world_size` is the number of ranks that save; None leaves what only it can tell unproven,
    such as the absence of the last rank's file. A complete checkpoint is whole as far as its structure shows: contents are not read.
    """
    try:
        folder = look(path)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return CheckpointSeen(at, str(path), named_step(path.name), complete=False, why=f"cannot be looked at: {reason}")
    kind = kind_of(folder)
    if kind is None:
        why = "empty" if not folder.sizes else "no kind of checkpoint that is known"
        return CheckpointSeen(at, str(path), named_step(path.name), complete=False, why=why, size=folder.total)
    faults = list(dict.fromkeys(kind.faults(folder, world_size)))
    why = _told(faults) if faults else kind.remark(folder) or _whole(folder)
    return CheckpointSeen(at, str(path), _step(kind, folder), complete=not faults, why=why, kind=kind.NAME, size=folder.total)


def _step(kind: Kind, folder: Folder) -> int | None:
    """The step by the contents, else by the name."""
    stated = kind.step(folder)
    return named_step(folder.path.name) if stated is None else stated


def _whole(folder: Folder) -> str:
    """What was found to be whole."""
    return "one file, whole" if len(folder.sizes) == 1 else f"{len(folder.sizes)} files, all whole"


def _told(faults: list[str]) -> str:
    """The first faults as one sentence."""
    more = f"; and {len(faults) - REASONS} more" if len(faults) > REASONS else ""
    return "; ".join(faults[:REASONS]) + more
