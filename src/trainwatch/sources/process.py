"""The logs of a process: what it prints to, else who reads what it prints, else what else it writes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.sources.readable import is_log

PROC = Path("/proc")
WRITING = os.O_WRONLY | os.O_RDWR
_LOG = re.compile(r".+\.(?:out|err|log|jsonl)|nohup\.out|.*log.*\.txt")
_FOLDER = re.compile(r"--?(?:output|out|log|logging|save|work)[_-]?dir(?:=(.+))?|(?:hydra\.run\.dir|output_dir|out_dir)=(.+)")


def logs_of(pid: int) -> tuple[Path, ...]:
    """The files that a process prints to, else those of whoever reads its pipe, those its children print to, or other logs it has open.

    Raises NotFoundError for a process that is not there, NotReadableError for another user's. Empty when there is no such file.
    """
    if not (PROC / str(pid)).is_dir():
        raise NotFoundError(f"{pid}: there is no such file and no such process")
    try:
        os.listdir(PROC / str(pid) / "fd")  # noqa: PTH208  whether we may is asked, nothing else
    except PermissionError as error:
        raise NotReadableError(f"{pid}: belongs to another user; name its log instead") from error
    for found in (_printed(pid), _piped(pid), _of_children(pid), _open_logs(pid)):
        files = tuple(dict.fromkeys(found))
        if files:
            return files
    return ()


def folders_of(pid: int) -> Iterator[Path]:
    """The folders that a process was told to write to, as its command line names them."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        cwd = (PROC / str(pid) / "cwd").readlink()
    except OSError:
        return
    for word, following in zip(words, [*words[1:], ""], strict=True):
        match = _FOLDER.fullmatch(word)
        if match is not None:
            yield cwd / (match[1] or match[2] or following)


def _printed(pid: int) -> Iterator[Path]:
    """The files behind stdout and stderr."""
    return (path for fd in ("1", "2") if (path := _file(PROC / str(pid) / "fd" / fd)) is not None)


def _piped(pid: int) -> Iterator[Path]:
    """What is written by who reads the pipe that a process prints to, such as `tee`."""
    pipes = {key for fd in ("1", "2") if (key := _pipe(PROC / str(pid) / "fd" / fd)) is not None}
    for other in _everyone() if pipes else ():
        if other != pid and _pipe(PROC / str(other) / "fd" / "0") in pipes:
            yield from _written(other)


def _of_children(pid: int) -> Iterator[Path]:
    """What the processes below print to: a launcher may have given each rank files of its own."""
    parents = {other: _parent(other) for other in _everyone()}
    for other in sorted(parents):
        above: int | None = parents[other]
        while above is not None and above not in (0, pid):
            above = parents.get(above)
        if above == pid:
            yield from _printed(other)


def _open_logs(pid: int) -> Iterator[Path]:
    """Other files that a process writes and that are logs by name and content."""
    return (path for path in _written(pid) if _LOG.fullmatch(path.name) and is_log(path))


def _written(pid: int) -> Iterator[Path]:
    """The regular files that a process has open for writing."""
    for fd in _names(PROC / str(pid) / "fd"):
        path = _file(PROC / str(pid) / "fd" / fd)
        if path is not None and _flags(pid, fd) & WRITING:
            yield path


def _file(link: Path) -> Path | None:
    """The regular file behind a descriptor; None for anything else, and for a file that was deleted."""
    try:
        if not stat.S_ISREG(link.stat().st_mode):
            return None
        path = link.readlink()
    except OSError:
        return None
    return path if path.exists() else None


def _pipe(link: Path) -> int | None:
    """The pipe behind a descriptor; None for anything else."""
    try:
        status = link.stat()
    except OSError:
        return None
    return status.st_ino if stat.S_ISFIFO(status.st_mode) else None


def _flags(pid: int, fd: str) -> int:
    """How a descriptor was opened."""
    with suppress(OSError, ValueError):
        lines = (PROC / str(pid) / "fdinfo" / fd).read_text("ascii").splitlines()
        return next((int(line.split()[1], 8) for line in lines if line.startswith("flags:")), 0)
    return 0


def _parent(pid: int) -> int | None:
    """The parent of a process, None when it is gone."""
    with suppress(OSError, ValueError, IndexError):
        return int((PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
    return None


def _everyone() -> list[int]:
    """Every process that can be seen."""
    return [int(name) for name in _names(PROC) if name.isdecimal()]


def _names(folder: Path) -> Iterable[str]:
    """The names in a folder, none when it may not be looked into."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  names, not paths
    except OSError:
        return ()
