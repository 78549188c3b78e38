"""Megatron-LM: `iter_0000100` for each save, with a folder per model-parallel rank, and the newest iteration noted beside it.

Layout: megatron/training/checkpointing.py. `latest_checkpointed_iteration.txt` is written when all ranks are done. The newer form
(torch_dist) is one of torch.distributed.checkpoint with `common.pt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import beside, dcp, parts, pickled
from trainwatch.checkpoints.folder import Folder

NAME = "megatron"
TRACKER = "latest_checkpointed_iteration.txt"
ITERATION = re.compile(r"iter_(\d{7,})")
RANK = re.compile(r"mp_rank_(\d+)(?:_(\d+))?(?:_(\d+))?")
MODEL = ("model_optim_rng.pt", "model_rng.pt")
OPTIMIZER = ("distrib_optim.pt", "optim.pt")
COMMON = "common.pt"
MOST = 1_000
"""Parallel ranks of a kind that are looked for at most."""


def recognises(folder: Folder) -> bool:
    """Whether it is an iteration, or the folder that holds them."""
    of_an_iteration = bool(ITERATION.fullmatch(folder.path.name)) or any(RANK.fullmatch(name) for name in folder.top())
    return of_an_iteration or _holds(folder)


def _holds(folder: Folder) -> bool:
    """Whether it holds iterations."""
    return TRACKER in folder.sizes or any(ITERATION.fullmatch(name) for name in folder.top())


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing, the plainest first."""
    iteration = folder
    if _holds(folder):
        if TRACKER not in folder.sizes:
            yield f"{TRACKER}: missing: it is written last, so the save did not finish"
            return
        named = _number(beside.note(folder, TRACKER))
        iteration = folder.below(f"iter_{named:07d}" if named is not None else "release")
        if not iteration.sizes:
            yield f"{TRACKER}: it names {iteration.path.name}, which is not there"
            return
    else:
        yield from _noted(folder)
    if COMMON in iteration.sizes or dcp.recognises(iteration):
        yield from dcp.missing(iteration, world_size)
        yield from (f"{COMMON}: missing" for _ in range(COMMON not in iteration.sizes))
    else:
        yield from _ranks(iteration)
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:  # noqa: ARG001
    """Nothing is known about what it should hold beyond its ranks."""
    return ""


def step(folder: Folder) -> int | None:
    """The iteration in the name, or the one noted in the folder."""
    found = ITERATION.fullmatch(folder.path.name)
    return int(found[1]) if found else _number(beside.note(folder, TRACKER))


def _number(text: str | None) -> int | None:
    """The iteration that a note names."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 15 else None


def _noted(folder: Folder) -> Iterator[str]:
    """The note beside it must have reached this iteration."""
    found, text = ITERATION.fullmatch(folder.path.name), beside.note_above(folder, TRACKER)
    noted = _number(text)
    if text is None:
        yield f"{TRACKER}: missing: it is written last, so the save did not finish"
    elif found and noted is not None and noted < int(found[1]):
        yield f"the save did not finish: {TRACKER} still names {noted}"


def _ranks(folder: Folder) -> Iterator[str]:
    """Each parallel rank must have its model, and its part of a distributed optimizer if any has one."""
    ranks = {name: m for name, m in ((name, RANK.fullmatch(name)) for name in folder.top()) if m}
    if not ranks:
        yield "mp_rank_00: missing"
    optimizer = next((o for o in OPTIMIZER if any(f"{name}/{o}" in folder.sizes for name in ranks)), None)
    for name in _expected(folder, ranks):
        if not any(f"{name}/{model}" in folder.sizes for model in MODEL):
            yield f"{name}/{MODEL[0]}: missing"
        if optimizer and f"{name}/{optimizer}" not in folder.sizes:
            yield f"{name}/{optimizer}: missing"


def _expected(folder: Folder, ranks: dict[str, re.Match[str]]) -> Iterator[str]:
    """The ranks there must be: as many as the first one's arguments say, or up to the highest numbers; with experts those that are there."""
    if any(m[3] for m in ranks.values()):
        yield from ranks
        return
    said = _arguments(folder, min(ranks, default=""))
    tensor = max([int(m[1]) + 1 for m in ranks.values()] + [said.get("tensor_model_parallel_size", 0)], default=0)
    pipeline = max([int(m[2] or 0) + 1 for m in ranks.values()] + [said.get("pipeline_model_parallel_size", 0)], default=0)
    for t in range(min(tensor, MOST)):
        for p in range(min(pipeline, MOST)):
            yield f"mp_rank_{t:02d}_{p:03d}" if pipeline > 1 else f"mp_rank_{t:02d}"


def _arguments(folder: Folder, rank: str) -> dict[str, int]:
    """The whole numbers among the arguments of the run."""
    values = parts.values(folder, f"{rank}/{MODEL[0]}") or {}
    arguments = values.get("args")
    state = arguments.state if isinstance(arguments, pickled.Thing) and isinstance(arguments.state, dict) else {}
    return {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, int)}
