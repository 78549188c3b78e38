"""What Accelerate's save_state writes: weights, optimizer, scheduler, sampler, and last the random state of every rank.

Names: accelerate/checkpointing.py and accelerator.py. Under DeepSpeed the engine's folder `pytorch_model` stands for weights and optimizer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import deepspeed, fsdp, hf, parts, torch_zip, weights
from trainwatch.checkpoints.folder import Folder

NAME = "accelerate"
RANDOM = re.compile(r"random_states_(\d+)\.pkl")
OBJECT = re.compile(r"custom_checkpoint_(\d+)\.pkl")
MARKS = re.compile(rf"{RANDOM.pattern}|{OBJECT.pattern}|(optimizer|scheduler|sampler)(_\d+)?\.bin|pytorch_model(_\d+)?/.*")
MOST = 100_000
"""Ranks that are looked for at most."""


def recognises(folder: Folder) -> bool:
    """Whether it carries a mark of Accelerate and none of the Trainer, which uses some of the names too."""
    return any(MARKS.fullmatch(name) for name in folder.sizes) and not any(hf.OWN.fullmatch(name) for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first. Objects that a script registered come last of all; only gaps among them show."""
    engine = deepspeed if deepspeed.inside(folder) else fsdp if fsdp.inside(folder) else None
    if engine is not None:
        yield from engine.missing(folder, world_size)
    else:
        yield from weights.faults(folder)
    if engine is not deepspeed and not any(fsdp.OPTIMIZER.fullmatch(name) for name in folder.top()):
        yield "optimizer.bin: missing"
    yield from _numbered(folder, RANDOM, "random_states_{}.pkl", world_size or 1)
    yield from _numbered(folder, OBJECT, "custom_checkpoint_{}.pkl", 0)
    yield from parts.faults(folder)
    yield from _pickles(folder)


def remark(folder: Folder) -> str:  # noqa: ARG001
    """It holds all that was prepared."""
    return ""


def step(folder: Folder) -> int | None:  # noqa: ARG001
    """Only the name tells."""
    return None


def _numbered(folder: Folder, pattern: re.Pattern[str], name: str, least: int) -> Iterator[str]:
    """Files that are missing among numbered ones, of which there are at least so many."""
    numbers = [int(m[1]) for m in map(pattern.fullmatch, folder.sizes) if m]
    for number in range(min(max(least, max(numbers, default=-1) + 1), MOST)):
        if name.format(number) not in folder.sizes:
            yield f"{name.format(number)}: missing"


def _pickles(folder: Folder) -> Iterator[str]:
    """Files of torch.save under a name that does not say so."""
    for name in folder.sizes:
        if RANDOM.fullmatch(name) or OBJECT.fullmatch(name):
            fault = parts.examine(folder, name, torch_zip.fault)
            if fault:
                yield f"{name}: {fault}"
