"""Weights as Hugging Face libraries write them: one file, or shards with an index that says which tensor lies where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from trainwatch.checkpoints import parts, safetensors
from trainwatch.checkpoints.folder import Folder
from trainwatch.checkpoints.json_file import Unreadable, load

WEIGHTS = re.compile(r"(model|adapter_model|pytorch_model)(-\d+-of-\d+|_\d+)?\.(safetensors|bin)")
INDEX = re.compile(r"(model|pytorch_model)\.(safetensors|bin)\.index\.json")


def there(folder: Folder) -> bool:
    """Whether there are any, whole or not."""
    return any(WEIGHTS.fullmatch(PurePosixPath(name).name) for name in folder.sizes)


def faults(folder: Folder) -> Iterator[str]:
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
