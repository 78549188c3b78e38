"""From the path of a log to the processes that write it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trainwatch.store.lock import start_ticks
from trainwatch.supervise.processes import PROC, Proc, scan
from trainwatch.supervise.tree import is_never, launcher_of

File = tuple[int, int]
"""Device and inode."""

WRITING = os.O_WRONLY | os.O_RDWR


def writers(logs: Sequence[Path]) -> list[Proc]:
    """The job behind these logs: who has one open for writing, who writes into the pipe such a process reads, and their ranks.

    Other users' processes cannot be seen; the answer is then empty.
    """
    everyone = scan()
    everyone.pop(os.getpid(), None)
    files = {key for log in logs if (key := _key(log)) is not None}
    found = {pid for pid in everyone if _writes(pid, files)}
    found |= _behind_pipes(found, everyone)
    found |= {proc.pid for proc in everyone.values() if _launches(proc, found, everyone)}
    return [everyone[pid] for pid in sorted(found)]


def written(logs: Sequence[Path]) -> bool:
    """Whether a process of this machine has one of these files open for writing."""
    files = {key for log in logs if (key := _key(log)) is not None}
    return any(_writes(int(entry.name), files) for entry in PROC.iterdir() if entry.name.isdigit())


def outlived_by(pids: Iterable[int]) -> Callable[[Sequence[Path]], bool]:
    """The same question, answered with yes too while one of these processes lives: it may open its log anew for every line."""
    started = {pid: start_ticks(pid) for pid in pids}
    return lambda logs: written(logs) or any(start_ticks(pid) == ticks != 0 for pid, ticks in started.items())


def written_inside(procs: Iterable[Proc], path: Path) -> bool:
    """Whether one of these processes has a file of a checkpoint, a folder or a file, open for writing."""
    for proc in procs:
        for number, _ in _descriptors(proc.pid):
            with suppress(OSError):
                target = (PROC / str(proc.pid) / "fd" / number).readlink()
                if target.is_relative_to(path) and _flags(proc.pid, number) & WRITING:
                    return True
    return False


def _key(path: Path) -> File | None:
    """The identity of a file, None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _writes(pid: int, files: Iterable[File]) -> bool:
    """Whether a process has one of these files open for writing."""
    wanted = set(files)
    return any(key in wanted and _flags(pid, number) & WRITING for number, key in _descriptors(pid))


def _descriptors(pid: int) -> list[tuple[str, File]]:
    """(number, file) of everything a process has open; empty when we may not look."""
    folder = PROC / str(pid) / "fd"
    found = []
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    for name in names:
        key = _key(folder / name)
        if key is not None:
            found.append((name, key))
    return found


def _flags(pid: int, number: str) -> int:
    """How a descriptor was opened."""
    try:
        lines = (PROC / str(pid) / "fdinfo" / number).read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 8) for line in lines if line.startswith("flags:")), 0)


def _behind_pipes(found: set[int], everyone: Mapping[int, Proc]) -> set[int]:
    """Who writes into the pipes that `tee` and its like read."""
    readers = (PROC / str(pid) / "fd/0" for pid in found if is_never(everyone[pid].argv))
    pipes = {key for path in readers if _is_pipe(path) and (key := _key(path)) is not None}
    if not pipes:
        return set()
    return {pid for pid in everyone if pid not in found and any(n in ("1", "2") and key in pipes for n, key in _descriptors(pid))}


def _is_pipe(path: Path) -> bool:
    """Whether a descriptor is a pipe: /dev/null is read and written by half of the machine."""
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def _launches(proc: Proc, found: set[int], everyone: Mapping[int, Proc]) -> bool:
    """Whether this is a launcher above a process that was found."""
    return bool(launcher_of(proc.argv)) and any(_above(proc.pid, everyone[pid], everyone) for pid in found)


def _above(pid: int, proc: Proc, everyone: Mapping[int, Proc]) -> bool:
    """Whether `pid` is an ancestor."""
    seen: Proc | None = proc
    while seen is not None:
        if seen.parent == pid:
            return True
        seen = everyone.get(seen.parent)
    return False
