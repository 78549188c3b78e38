"""Folders that the Hugging Face Trainer writes: full models and PEFT adapters, on one process or several.

What is written, in this order (transformers.Trainer._save_checkpoint): weights, optimizer.pt, scheduler.pt, rng_state*.pth of each rank,
trainer_state.json. Ranks do not wait for each other, so a later file does not prove the files of other ranks.
Under DeepSpeed or FSDP the engine's own files, which are in it too, stand for the optimizer's and, where they are split, the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import deepspeed, fsdp, parts, weights
from trainwatch.checkpoints.folder import Folder
from trainwatch.checkpoints.step import STATE, named_step, stated_step

NAME = "hf_trainer"
SENTINEL = "checkpoint-is-incomplete"
OWN = re.compile(rf"{STATE}|training_args\.bin|optimizer\.pt|rng_state.*\.pth|{SENTINEL}.*")
MARKS = re.compile(rf"{OWN.pattern}|{weights.WEIGHTS.pattern}|{weights.INDEX.pattern}")
RANK = re.compile(r"rng_state_(\d+)\.pth")
FOLDER = re.compile(r"checkpoint-\d+")


def recognises(folder: Folder) -> bool:
    """Whether the folder is, or was to become, one of the Trainer's."""
    if deepspeed.is_tag(folder):  # a loop that calls its saves checkpoint-N too
        return False
    return bool(FOLDER.fullmatch(folder.path.name)) or any(MARKS.fullmatch(name) for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first."""
    if any(name.startswith(SENTINEL) for name in folder.sizes):
        yield f"{SENTINEL}: the Trainer itself says that it is not complete"
    engine = deepspeed if deepspeed.inside(folder) else fsdp if fsdp.inside(folder) else None
    if engine is None or weights.there(folder):
        yield from weights.faults(folder)
    if engine is not None:
        yield from engine.missing(folder, world_size)
    yield from _state(folder)
    yield from _resumable(folder, world_size, *_optimizer(folder))
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:
    """What a complete checkpoint lacks on purpose; empty when it lacks nothing."""
    whole = all(name in folder.sizes for name in _optimizer(folder))
    return "" if whole else "weights only (save_only_model): training cannot be resumed from it"


def step(folder: Folder) -> int | None:
    """The step in trainer_state.json."""
    return stated_step(folder)


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


def _optimizer(folder: Folder) -> tuple[str, ...]:
    """The Trainer's own files for resuming; an engine keeps the optimizer, and under DeepSpeed perhaps the scheduler, itself."""
    if deepspeed.inside(folder):
        return ()
    return ("scheduler.pt",) if fsdp.keeps_optimizer(folder) else ("optimizer.pt", "scheduler.pt")


def _resumable(folder: Folder, world_size: int | None, *wanted: str) -> Iterator[str]:
    """Optimizer, scheduler and the random state of every rank: all, or none of them (save_only_model)."""
    random = [name for name in folder.sizes if name == "rng_state.pth" or RANK.fullmatch(name)]
    if wanted and not random and not any(name in folder.sizes for name in wanted):
        return
    for name in (*wanted, *_expected(random, world_size)):
        if name not in folder.sizes:
            yield f"{name}: missing"


def _expected(random: list[str], world_size: int | None) -> list[str]:
    """The random states there must be. Numbered ones are written by two ranks or more; the highest number tells of those below."""
    if world_size is None:
        numbers = [int(m[1]) for m in map(RANK.fullmatch, random) if m]
        world_size = max(2, *numbers, max(numbers) + 1) if numbers else 1
    return ["rng_state.pth"] if world_size == 1 else [f"rng_state_{k}.pth" for k in range(min(world_size, 100_000))]
