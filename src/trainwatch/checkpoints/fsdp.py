"""What FSDP leaves inside a folder of the Trainer or of Accelerate, in one of three forms.

Names: accelerate/utils/fsdp_utils.py. Split states are folders of torch.distributed.checkpoint, local ones a file a rank, full ones a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import dcp
from trainwatch.checkpoints.folder import Folder

MODEL = re.compile(r"pytorch_model_fsdp(_\d+)?(_rank(\d+))?(\.bin)?")
SPLIT = re.compile(r"(pytorch_model_fsdp|optimizer)_\d+")
OPTIMIZER = re.compile(r"optimizer(_\d+)?\.bin|optimizer_\d+")
MOST = 100_000
"""Ranks that are looked for at most."""


def inside(folder: Folder) -> bool:
    """Whether the folder holds states of FSDP."""
    return any(MODEL.fullmatch(name) for name in folder.top())


def keeps_optimizer(folder: Folder) -> bool:
    """Whether the optimizer's state is among them."""
    return inside(folder) and any(OPTIMIZER.fullmatch(name) for name in folder.top())


def missing(folder: Folder, world_size: int | None) -> Iterator[str]:
    """States that must be there and are not."""
    for name in folder.top():
        if SPLIT.fullmatch(name) and name not in folder.sizes:
            yield from (f"{name}/{fault}" for fault in dcp.missing(folder.below(name), world_size))
    local = {m[3]: m for m in map(MODEL.fullmatch, folder.sizes) if m and m[3]}
    if local:
        count = world_size or max(int(rank) for rank in local) + 1
        some = next(iter(local.values()))[1] or ""
        names = [f"pytorch_model_fsdp{some}_rank{rank}.bin" for rank in range(min(count, MOST))]
        yield from (f"{name}: missing" for name in names if name not in folder.sizes)
