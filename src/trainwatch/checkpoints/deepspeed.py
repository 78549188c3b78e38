"""What a DeepSpeed engine writes: a folder per save (its tag) with the states of every rank, and `latest` beside it.

Names: deepspeed/runtime/engine.py. ZeRO 0 keeps everything in the model states; 1 and 2 add the optimizer states of every rank;
3 splits the model states too. The number of ranks is stated in the model states. `latest` is written when the first rank is done,
which proves nothing of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import beside, parts
from trainwatch.checkpoints.folder import Folder
from trainwatch.checkpoints.step import named_step

NAME = "deepspeed"
LATEST = "latest"
SCRIPT = "zero_to_fp32.py"
STATES = re.compile(r"[^/]*_states\.pt")
MODEL = re.compile(r"(zero_pp_rank_\d+_)?mp_rank_(\d+)_model_states\.pt")
OPTIMIZER = re.compile(r"(bf16_|fp16_)?zero_pp_rank_(\d+)_mp_rank_(\d+)_optim_states\.pt")
MOST = 100_000
"""Ranks that are looked for at most."""


def recognises(folder: Folder) -> bool:
    """Whether a save of an engine is the folder itself or lies in it."""
    return is_tag(folder) or inside(folder)


def is_tag(folder: Folder) -> bool:
    """Whether the states lie directly in the folder."""
    return any(STATES.fullmatch(name) for name in folder.sizes)


def inside(folder: Folder) -> bool:
    """Whether the folder holds a save of an engine among other things."""
    return any(name in (LATEST, SCRIPT) or STATES.fullmatch(name.partition("/")[2]) for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first."""
    yield from missing(folder, world_size)
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:  # noqa: ARG001
    """An engine saves everything."""
    return ""


def step(folder: Folder) -> int | None:
    """The step in the tag, else the one stated in the model states."""
    tag = _tag(folder)
    if tag is None:
        return None
    named = named_step(tag.path.name)
    stated = _stated(tag).get("global_steps")
    return named if named is not None or not isinstance(stated, int) else stated


def missing(folder: Folder, world_size: int | None) -> Iterator[str]:
    """States that must be there and are not."""
    tag = _tag(folder)
    if tag is None:
        named = beside.note(folder, LATEST)
        yield f"{LATEST}: it names {named!r}, which is not there" if named else f"{LATEST}: missing: the save did not finish"
        return
    prefix = "" if tag is folder else f"{tag.path.name}/"
    if tag is not folder and LATEST not in folder.sizes:
        yield f"{LATEST}: missing: the save did not finish"
    if tag is folder and _older(beside.note_above(folder, LATEST), folder.path.name):
        yield f"the save did not finish: {LATEST} still names an older one"
    yield from (f"{prefix}{fault}" for fault in _ranks(tag, world_size))


def _tag(folder: Folder) -> Folder | None:
    """The folder with the states: itself, the one that `latest` names, or the only one."""
    if is_tag(folder):
        return folder
    named = beside.note(folder, LATEST) if LATEST in folder.sizes else None
    tags = [name for name in folder.top() if is_tag(folder.below(name))]
    if named is None and len(tags) == 1:
        return folder.below(tags[0])
    return folder.below(named) if named in tags else None


def _older(named: str | None, tag: str) -> bool:
    """Whether the save that `latest` names comes before this one; unknown is no."""
    before, here = named_step(named or ""), named_step(tag)
    return before is not None and here is not None and before < here


def _stated(tag: Folder) -> dict[str, object]:
    """The model states of the first rank, without tensors; empty when they cannot be read."""
    first = min((name for name in tag.sizes if MODEL.fullmatch(name)), default=None)
    return (parts.values(tag, first) if first else None) or {}


def _ranks(tag: Folder, world_size: int | None) -> Iterator[str]:
    """States of all ranks, as many as the first says, as the job has, or up to the highest number."""
    models = [m for m in map(MODEL.fullmatch, tag.sizes) if m]
    optimizers = [m for m in map(OPTIMIZER.fullmatch, tag.sizes) if m]
    if not models:
        yield "mp_rank_00_model_states.pt: missing"
        return
    if any("expert" in name or name.startswith(("layer_", "expp_")) for name in tag.sizes):
        world_size = None  # experts and pipeline stages share ranks out in their own way
    stated = _stated(tag)
    slices = max(int(m[2]) for m in models) + 1
    said = stated.get("dp_world_size")
    seen = max((int(m[2]) + 1 for m in optimizers), default=1)
    copies = max(seen, (world_size or 0) // slices, said if isinstance(said, int) and world_size is None else 1)
    split = any(m[1] for m in models)
    start = next((m[1] for m in optimizers if m[1]), "")
    keeps = bool(optimizers) or split or stated.get("optimizer") is None
    for rank in range(min(copies, MOST)):
        for of in (f"mp_rank_{part:02d}" for part in range(min(slices, MOST))):
            wanted = [f"zero_pp_rank_{rank}_{of}_model_states.pt"] if split else [f"{of}_model_states.pt"] * (rank == 0)
            wanted += [f"{start}zero_pp_rank_{rank}_{of}_optim_states.pt"] * keeps
            yield from (f"{name}: missing" for name in wanted if name not in tag.sizes)
