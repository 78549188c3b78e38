"""Checkpoints of frameworks that are known by their marks and cannot be proven: they are refused by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints.folder import Folder

NAME = "foreign"

MARKS = (
    ("DeepSpeed ZeRO", re.compile(r"(.*/)?(zero_to_fp32\.py|zero_pp_rank_.*|.*_zero_pp_rank_.*|mp_rank_\d+_model_states\.pt)|latest")),
    ("torch.distributed.checkpoint", re.compile(r"(.*/)?(\.metadata|.*\.distcp)")),
    ("FSDP", re.compile(r"(pytorch_model_fsdp|optimizer\.bin).*")),
    ("Megatron", re.compile(r"latest_checkpointed_iteration\.txt|(iter_\d+/)?mp_rank_\d+.*/.*")),
)
"""A framework and what its files are called, relative to the checkpoint."""


def recognises(folder: Folder) -> bool:
    """Whether any file carries a mark."""
    return framework(folder) is not None


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:  # noqa: ARG001
    """That there is no proof for it."""
    yield f"a checkpoint of {framework(folder)}, for which there is no proof"


def remark(folder: Folder) -> str:  # noqa: ARG001
    """Never complete, so nothing to remark."""
    return ""


def framework(folder: Folder) -> str | None:
    """The first framework with a mark in the folder."""
    for name, mark in MARKS:
        if any(mark.fullmatch(file) for file in folder.sizes):
            return name
    return None
