"""Which checkpoints lie below an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainwatch.checkpoints import hf, parts, plain
from trainwatch.checkpoints.folder import Folder
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

    def youngest(self) -> int:
        """The time of the newest file, 0 without files."""
        return max((s.st_mtime_ns for s in self.files.values()), default=0)


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
    """The folder as one checkpoint. A folder that holds numbered ones is a place, even when a final model lies beside them."""
    folder = Folder(path, {name: s.st_size for name, s in listing.files.items()})
    kind = kind_of(folder)
    place = any(hf.FOLDER.fullmatch(f.name) for f in listing.folders)
    if kind is None or place or (kind is plain and not _one(path, listing)):
        return None
    step = named_step(path.name)
    step = stated_step(folder) if step is None else step
    return _Candidate(listing.youngest(), -1 if step is None else step, path)


def _one(path: Path, listing: _Listing) -> bool:
    """Whether a loop's files are parts of one checkpoint: the folder carries the step, and none of them does."""
    return named_step(path.name) is not None and all(named_step(name) is None for name in listing.files)


def _files(folder: Path, listing: _Listing) -> Iterator[_Candidate]:
    """A loop's single files; a model saved beside the Trainer's folders is none."""
    for name, status in listing.files.items():
        if parts.suffix(name) in parts.WEIGHTS and not hf.MARKS.fullmatch(name):
            step = named_step(name)
            yield _Candidate(status.st_mtime_ns, -1 if step is None else step, folder / name)
