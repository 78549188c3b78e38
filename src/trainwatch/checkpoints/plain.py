"""What a plain loop writes: one file of torch.save or safetensors, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator

from trainwatch.checkpoints import parts
from trainwatch.checkpoints.folder import Folder

NAME = "plain"


def recognises(folder: Folder) -> bool:
    """Whether there is at least one file with weights."""
    return any(parts.suffix(name) in parts.WEIGHTS for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:  # noqa: ARG001  how many files there must be is the loop's affair
    """What is wrong with the files."""
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:  # noqa: ARG001
    """Nothing is known about what such a checkpoint should hold."""
    return ""


def step(folder: Folder) -> int | None:  # noqa: ARG001
    """Only the name tells."""
    return None
