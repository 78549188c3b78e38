"""Lightning's .ckpt: one file of torch.save, or under DeepSpeed and FSDP a folder of that name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import dcp, deepspeed, parts
from trainwatch.checkpoints.folder import Folder

NAME = "lightning"
NAMED = re.compile(r"(.*(epoch|step)=\d+.*|last(-v\d+)?|hpc_ckpt_\d+)\.ckpt")
META = "meta.pt"
VERSION = "pytorch-lightning_version"


def recognises(folder: Folder) -> bool:
    """Whether it is named as Lightning does, or says that Lightning wrote it."""
    name = folder.path.name
    if folder.path.is_dir():
        return name.endswith(".ckpt")
    return bool(NAMED.fullmatch(name)) or (name.endswith(".ckpt") and VERSION in (parts.values(folder, name) or {}))


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first."""
    if folder.path.is_dir():
        yield from _folder(folder, world_size)
    yield from parts.faults(folder)
    values = _values(folder)
    if values is not None and "state_dict" not in values and not folder.path.is_dir():
        yield "no weights in it"


def remark(folder: Folder) -> str:
    """Whether it was saved with save_weights_only."""
    values = _values(folder)
    if values is None or folder.path.is_dir() or "optimizer_states" in values:
        return ""
    return "weights only (save_weights_only): training cannot be resumed from it"


def step(folder: Folder) -> int | None:
    """The optimizer step that the checkpoint states."""
    stated = (_values(folder) or {}).get("global_step")
    return stated if isinstance(stated, int) else None


def _folder(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What an engine left in it."""
    if deepspeed.recognises(folder):
        yield from deepspeed.missing(folder, world_size)
        return
    yield from dcp.missing(folder, world_size)
    if META not in folder.sizes:
        yield f"{META}: missing: it is written last"


def _values(folder: Folder) -> dict[object, object] | None:
    """What the file, or the one beside split states, holds; None when that cannot be told."""
    return parts.values(folder, META if folder.path.is_dir() else folder.path.name)
