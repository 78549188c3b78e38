"""Folders that the Hugging Face Trainer writes: full models and PEFT adapters, on one process or several.

What is written, in this order (transformers.Trainer._save_checkpoint): weights, optimizer.pt, scheduler.pt, rng_state*.pth of each rank,
trainer_state.json. Ranks do not wait for each other, so a later file does not prove the files of other ranks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from trainwatch.checkpoints import parts, safetensors
from trainwatch.checkpoints.folder import Folder
from trainwatch.checkpoints.json_file import Unreadable, load
from trainwatch.checkpoints.step import STATE, named_step, stated_step

NAME = "hf_trainer"
SENTINEL = "checkpoint-is-incomplete"
WEIGHTS = re.compile(r"(model|adapter_model|pytorch_model)(-\d+-of-\d+)?\.(safetensors|bin)")
INDEX = re.compile(r"(model|pytorch_model)\.(safetensors|bin)\.index\.json")
MARKS = re.compile(rf"{STATE}|training_args\.bin|optimizer\.pt|rng_state.*\.pth|{SENTINEL}.*|{WEIGHTS.pattern}|{INDEX.pattern}")
RANK = re.compile(r"rng_state_(\d+)\.pth")
FOLDER = re.compile(r"checkpoint-\d+")


def recognises(folder: Folder) -> bool:
    """Whether the folder is, or was to become, one of the Trainer's."""
    return bool(FOLDER.fullmatch(folder.path.name)) or any(MARKS.fullmatch(name) for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first."""
    if any(name.startswith(SENTINEL) for name in folder.sizes):
        yield f"{SENTINEL}: the Trainer itself says that it is not complete"
    yield from _weights(folder)
    yield from _state(folder)
    yield from _resumable(folder, world_size)
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:
    """What a complete checkpoint lacks on purpose; empty when it lacks nothing."""
    return "" if "optimizer.pt" in folder.sizes else "weights only (save_only_model): training cannot be resumed from it"


def _weights(folder: Folder) -> Iterator[str]:
    """There must be weights, and every shard that an index names."""
    found = [name for name in folder.sizes if WEIGHTS.fullmatch(PurePosixPath(name).name)]
    indexes = [name for name in folder.sizes if INDEX.fullmatch(name)]
    if not found:
        yield "no weights in it"
    for name in found:
        if "-of-" in name and not indexes:
            yield f"{name}: a shard without an index"
    for name in indexes:
        yield from _shards(folder, name)


def _shards(folder: Folder, index: str) -> Iterator[str]:
    """Every shard of an index must be there and hold its tensors."""
    shards: dict[str, set[str]] = {}
    try:
        with folder.open(index) as file:
            value = load(file)
        for tensor, name in value["weight_map"].items():
            shards.setdefault(str(name), set()).add(tensor)
    except (OSError, Unreadable, KeyError, TypeError, AttributeError):
        yield f"{index}: not whole: it does not say where the weights are"
    for name, tensors in sorted(shards.items()):
        if name not in folder.sizes:
            yield f"{name}: missing, though {index} names it"
        elif parts.suffix(name) == ".safetensors" and parts.part(folder, name) is None:
            with folder.open(name) as file:
                lost = tensors - safetensors.names(file)
            if lost:
                yield f"{name}: {len(lost)} tensors of {index} are not in it"


def _state(folder: Folder) -> Iterator[str]:
    """trainer_state.json comes last of what the first rank writes, and must agree with the folder's name."""
    if STATE not in folder.sizes:
        yield f"{STATE}: missing"
        return
    step, name = stated_step(folder), folder.path.name
    if step is None:
        yield f"{STATE}: not whole: it does not say global_step"
    elif FOLDER.fullmatch(name) and named_step(name) != step:
        yield f"{STATE}: it is of step {step}, the folder of another"


def _resumable(folder: Folder, world_size: int | None) -> Iterator[str]:
    """Optimizer, scheduler and the random state of every rank: all, or none of them (save_only_model)."""
    random = [name for name in folder.sizes if name == "rng_state.pth" or RANK.fullmatch(name)]
    there = [name for name in ("optimizer.pt", "scheduler.pt") if name in folder.sizes]
    if not random and not there:
        return
    for name in ("optimizer.pt", "scheduler.pt"):
        if name not in there:
            yield f"{name}: missing"
    for name in _expected(random, world_size):
        if name not in folder.sizes:
            yield f"{name}: missing"


def _expected(random: list[str], world_size: int | None) -> list[str]:
    """The random states there must be. Numbered ones are written by two ranks or more; the highest number tells of those below."""
    if world_size is None:
        numbers = [int(m[1]) for m in map(RANK.fullmatch, random) if m]
        world_size = max(2, *numbers, max(numbers) + 1) if numbers else 1
    return ["rng_state.pth"] if world_size == 1 else [f"rng_state_{k}.pth" for k in range(min(world_size, 100_000))]
