"""Looks at the folders in which checkpoints appear, and proves each that has come to rest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from trainwatch.checkpoints.find import find
from trainwatch.checkpoints.prove import prove
from trainwatch.model.inputs import CheckpointSeen

Asker = Literal["job", "standing", "request"]
Signature = tuple[int, int, int]

REST = 2.0
"""Seconds without change after which a checkpoint is looked at: a slow writer is not called torn."""

NEWEST = 8
"""How many checkpoints of a folder are watched: older ones do not change."""


class Watch:
    """Checkpoints by path, with what they looked like. Nothing here raises for a folder that vanishes meanwhile."""

    def __init__(self, cwd: Path) -> None:
        """Relative folders are below `cwd`."""
        self.world_size: int | None = None
        """How many ranks save, None when not known."""
        self.cwd = cwd
        self._folders: dict[Path, None] = {}
        self._by: dict[Path, Asker] = {}
        self._known: dict[Path, tuple[Signature, float]] = {}
        self._told: dict[Path, Signature] = {}

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every place where checkpoints of this job may lie."""
        return (self.cwd, *self._folders)

    def add_folder(self, text: str) -> None:
        """Watch a folder of checkpoints too."""
        if text:
            self._folders.setdefault(self.cwd / text)

    def add_checkpoint(self, text: str, by: Asker = "job") -> None:
        """Watch the folder in which this checkpoint lies; remember who asked for it."""
        if text:
            path = self.cwd / text
            self._folders.setdefault(path.parent)
            if by != "job":
                self._by[path] = by

    def seen_before(self, seen: CheckpointSeen) -> None:
        """A complete one is not told again as long as it does not change: an earlier supervisor saw it."""
        path = Path(seen.path)
        self._folders.setdefault(path.parent)
        if seen.by != "job":
            self._by[path] = seen.by
        if seen.complete:
            self._told[path] = signature(path)

    def changes(self, now: float, rest: float = REST) -> Iterator[CheckpointSeen]:
        """Every checkpoint that has come to rest since it was last told; with `rest` 0 every one that changed."""
        for path in self.candidates():
            look = signature(path)
            if self._told.get(path) == look or not look[0]:
                continue
            before, since = self._known.get(path, ((0, 0, 0), now))
            if before != look:
                self._known[path] = look, (since := now)
            if now - since >= rest:
                self._told[path] = look
                yield self.judge(path, now)

    def look_now(self, text: str, now: float) -> Iterator[CheckpointSeen]:
        """A checkpoint that somebody says is whole, unless it was told already."""
        path = self.cwd / text
        look = signature(path)
        if self._told.get(path) != look:
            self._told[path] = look
            yield self.judge(path, now)

    def judge(self, path: Path, now: float) -> CheckpointSeen:
        """Prove a checkpoint now."""
        return replace(prove(path, at=now, world_size=self.world_size), by=self._by.get(path, "job"))

    def candidates(self) -> list[Path]:
        """The newest checkpoints of every folder, the newest last."""
        found: dict[Path, None] = {}
        for folder in self._folders:
            found |= dict.fromkeys(find(folder)[-NEWEST:])
        return sorted(found, key=_modified)

    def newest_complete(self, now: float, before: int | None) -> CheckpointSeen | None:
        """The newest complete checkpoint, not beyond step `before` where both are known; None when there is none."""
        judged = (self.judge(path, now) for path in reversed(self.candidates()))
        return next((seen for seen in judged if seen.complete and (before is None or seen.step is None or seen.step <= before)), None)


def signature(path: Path) -> Signature:
    """(files, bytes, newest modification in ns) of a checkpoint; (0, 0, 0) when it is gone."""
    files = size = newest = 0
    for status in _statuses(path):
        files += 1
        size += status.st_size
        newest = max(newest, status.st_mtime_ns)
    return files, size, newest


def _statuses(path: Path) -> Iterator[os.stat_result]:
    """The status of every file of a checkpoint."""
    if path.is_file():
        yield path.stat()
        return
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                yield (Path(folder) / name).lstat()
            except OSError:
                continue


def _modified(path: Path) -> tuple[int, str]:
    """When a checkpoint was last changed: its newest file, since a folder's own time stands still while files grow."""
    return signature(path)[2], path.name
