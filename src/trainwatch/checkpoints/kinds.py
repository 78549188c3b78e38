"""The kinds of checkpoints, each a module of its own. One that a framework builds from another's asks that one's module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from trainwatch.checkpoints import accelerate, dcp, deepspeed, hf, lightning, megatron, plain
from trainwatch.checkpoints.folder import Folder


class Kind(Protocol):
    """What a module of a kind provides. None of it raises on what a checkpoint holds."""

    NAME: str

    def recognises(self, folder: Folder) -> bool:
        """Whether the checkpoint is of this kind, torn or not."""
        ...

    def faults(self, folder: Folder, world_size: int | None) -> Iterator[str]:
        """Why it is not complete, the plainest reason first; nothing when it is. `world_size`: ranks that save, None when not known."""
        ...

    def remark(self, folder: Folder) -> str:
        """A limit of a complete one that users should know; empty when there is none."""
        ...

    def step(self, folder: Folder) -> int | None:
        """The optimizer step that its contents tell; None when they do not, and only the name can."""
        ...


KINDS: tuple[Kind, ...] = (megatron, lightning, dcp, accelerate, hf, deepspeed, plain)
"""In the order in which they are asked: the first that recognises a checkpoint decides."""


def kind_of(folder: Folder) -> Kind | None:
    """The kind of a checkpoint; None when it looks like none."""
    return next((kind for kind in KINDS if kind.recognises(folder)), None)
