"""Which checkpoints lie below an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainwatch.checkpoints import deepspeed, hf, megatron, parts, plain
from trainwatch.checkpoints.folder import Folder, walk
from trainwatch.checkpoints.kinds import kind_of
from trainwatch.checkpoints.step import named_step, stated_step

DEPTH = 3
MOST = 5_000
"""Folders entered at most, so that a home directory given by mistake costs a moment only."""


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """Ordered by age: the time of the youngest file in nanoseconds, then the step, -1 when not known."""

    time: int
    step: int
    path: Path


@dataclass(frozen=True, slots=True)
class _Listing:
    """What lies directly in a folder: folders, and regular files with size and time of change. No links."""

    folders: list[Path]
    files: dict[str, os.stat_result]


def find(directory: Path) -> list[Path]:
    """Candidates below `directory`, itself included, torn ones too, the newest last.

    Newest is by the time of the youngest file, then by step. A folder is one checkpoint, or a place that holds some: then its folders and
    a loop's single files are. Links are not followed; what vanishes meanwhile is left out. Empty when the folder cannot be read.
    """
    found: list[_Candidate] = []
    waiting = [(directory, 0)]
    for _ in range(MOST):
        if not waiting:
            break
        folder, depth = waiting.pop()
        listing = _list(folder)
        whole = _whole(folder, listing)
        found += [whole] if whole else _files(folder, listing)
        if not whole and depth < DEPTH:
            waiting += [(f, depth + 1) for f in listing.folders]
    return [candidate.path for candidate in sorted(found)]


def _list(folder: Path) -> _Listing:
    """A folder's entries; nothing when it cannot be read."""
    listing = _Listing([], {})
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return listing
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                listing.folders.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                listing.files[entry.name] = entry.stat(follow_symlinks=False)
        except OSError:
            continue
    return listing


def _whole(path: Path, listing: _Listing) -> _Candidate | None:
    """The folder as one checkpoint."""
    names = {name: s.st_size for name, s in listing.files.items()} | {f"{folder.name}/": 0 for folder in listing.folders}
    folder = Folder(path, names)
    kind = kind_of(folder)
    if kind is None or _place(listing, folder) or (kind is plain and not _one(path, listing)):
        return None
    step = named_step(path.name)
    step = stated_step(folder) if step is None else step
    return _Candidate(_youngest(path), -1 if step is None else step, path)


def _place(listing: _Listing, folder: Folder) -> bool:
    """Whether the folder holds checkpoints, and is none itself even when a final model lies in it."""
    if any(hf.FOLDER.fullmatch(f.name) or megatron.ITERATION.fullmatch(f.name) for f in listing.folders):
        return True
    return kind_of(folder) is deepspeed and not deepspeed.is_tag(folder)


def _youngest(path: Path) -> int:
    """The time of the newest file in a checkpoint, in nanoseconds; 0 without files."""
    newest = 0
    for _, entry in walk(path):
        try:
            newest = max(newest, entry.stat(follow_symlinks=False).st_mtime_ns)
        except OSError:
            continue
    return newest


def _one(path: Path, listing: _Listing) -> bool:
    """Whether a loop's files are parts of one checkpoint: the folder carries the step, and none of them does."""
    return named_step(path.name) is not None and all(named_step(name) is None for name in listing.files)


def _files(folder: Path, listing: _Listing) -> Iterator[_Candidate]:
    """A loop's single files; a model saved beside the Trainer's folders is none."""
    for name, status in listing.files.items():
        if parts.suffix(name) in parts.WEIGHTS and not hf.MARKS.fullmatch(name):
            step = named_step(name)
            yield _Candidate(status.st_mtime_ns, -1 if step is None else step, folder / name)
