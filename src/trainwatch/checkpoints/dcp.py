"""What torch.distributed.checkpoint writes: files of the ranks, then `.metadata`, which says what lies where.

`.metadata` is a pickle of torch.distributed.checkpoint.metadata.Metadata; the place of every item is a `_StorageInfo` of
torch/distributed/checkpoint/filesystem.py. It is written under another name and renamed when all ranks are done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.checkpoints import parts, pickled
from trainwatch.checkpoints.folder import Folder

NAME = "dcp"
METADATA = re.compile(r"(?:__(\d+))?\.metadata")
MARKS = re.compile(rf"{METADATA.pattern}(\.tmp)?|__\d+_\d+\.distcp")


def recognises(folder: Folder) -> bool:
    """Whether files of it lie directly in the folder."""
    return any(MARKS.fullmatch(name) for name in folder.sizes)


def faults(folder: Folder, world_size: int | None) -> Iterator[str]:
    """What is wrong or missing. The number of ranks is not asked for: a rank that holds nothing of its own writes nothing."""
    yield from missing(folder, world_size)
    yield from parts.faults(folder)


def remark(folder: Folder) -> str:  # noqa: ARG001
    """Nothing is known about what such a checkpoint should hold."""
    return ""


def step(folder: Folder) -> int | None:  # noqa: ARG001
    """Only the name tells."""
    return None


def missing(folder: Folder, world_size: int | None) -> Iterator[str]:  # noqa: ARG001
    """Files that `.metadata` names and that are not there, or not as long as it says."""
    names = [name for name in folder.sizes if METADATA.fullmatch(name)]
    if not names:
        yield ".metadata: missing: it is written last, so the save did not finish"
    for name in _ranks(names):
        if name not in names:
            yield f"{name}: missing"
    for name in names:
        yield from _lengths(folder, name)


def _ranks(names: list[str]) -> list[str]:
    """With a `.metadata` for each rank, those of all ranks below the highest number."""
    numbers = [int(m[1]) for m in map(METADATA.fullmatch, names) if m and m[1]]
    return [f"__{rank}.metadata" for rank in range(max(numbers, default=-1) + 1)]


def _lengths(folder: Folder, name: str) -> Iterator[str]:
    """Every file must end exactly where its last item does."""
    try:
        ends = _ends(folder, name)
    except OSError as error:
        yield f"{name}: {error.strerror or error}"
        return
    except pickled.NotPlain as error:
        yield f"{name}: {error}"
        return
    for file, end in sorted(ends.items()):
        size = folder.sizes.get(file)
        if size is None:
            yield f"{file}: missing, though {name} names it"
        elif size < end:
            yield f"{file}: cut short: {size} of {end} bytes"
        elif size > end:
            yield f"{file}: {size - end} bytes more than {name} says: it is of another save"


def _ends(folder: Folder, name: str) -> dict[str, int]:
    """How long each file must be, in bytes. Raises NotPlain, OSError."""
    if folder.sizes[name] > pickled.LIMIT:
        raise pickled.NotPlain(f"larger than {pickled.LIMIT >> 20} MiB, not read")
    with folder.open(name) as file:
        value = pickled.read(file.read(pickled.LIMIT))
    places = value.get("storage_data") if isinstance(value, pickled.Thing) else None
    if not isinstance(places, dict) or not places:
        raise pickled.NotPlain("not whole: it does not say what lies where")
    ends: dict[str, int] = {}
    for place in places.values():
        file_name, offset, length = (
            place.get(key) if isinstance(place, pickled.Thing) else None for key in ("relative_path", "offset", "length")
        )
        if not (isinstance(file_name, str) and isinstance(offset, int) and isinstance(length, int)):
            raise pickled.NotPlain("not whole: it does not say what lies where")
        ends[file_name] = max(ends.get(file_name, 0), offset + length)
    return ends
