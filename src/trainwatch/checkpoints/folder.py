"""A checkpoint as found on disk: names and sizes, and safe ways to open what they name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_FILES = 20_000
DEPTH = 3


class Escape(OSError):  # noqa: N818  it is a fact about a link, told like any other
    """A link leads out of the checkpoint."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a checkpoint, three levels deep at most; a checkpoint that is one file holds just that name.

    `path` is real: it holds no links. `sizes` maps names relative to `path`, with "/" between parts, to bytes; a link to something
    inside the checkpoint counts as what it leads to. `complaints` say what could not be looked at.
    """

    path: Path
    sizes: dict[str, int]
    complaints: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Bytes in all."""
        return sum(self.sizes.values())

    def below(self, name: str) -> Folder:
        """A folder in it, with what lies there."""
        start = f"{name}/"
        sizes = {file.removeprefix(start): size for file, size in self.sizes.items() if file.startswith(start)}
        return Folder(self.path / name, sizes)

    def top(self) -> tuple[str, ...]:
        """The names that lie directly in it, of files and of folders, each once."""
        return tuple(dict.fromkeys(name.partition("/")[0] for name in self.sizes))

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. Raises OSError, `Escape` when it lies elsewhere in truth; never waits on a pipe."""
        return open_inside(self.path if self.path.is_dir() else self.path.parent, name)


def look(path: Path) -> Folder:
    """List a folder or a single file. What vanishes meanwhile is left out. Raises OSError when `path` itself cannot be looked at."""
    path = path.resolve(strict=True)
    if not path.is_dir():
        return Folder(path, {path.name: path.stat().st_size})
    sizes: dict[str, int] = {}
    complaints: list[str] = []
    for name, entry in walk(path):
        try:
            if entry.is_symlink():
                inside(path, name)
            if entry.is_file():
                sizes[name] = entry.stat().st_size
        except FileNotFoundError:
            if entry.is_symlink():
                complaints.append(f"{name} is a link to nothing")
        except OSError as error:
            complaints.append(f"{name}: {error.strerror or error}")
        if len(sizes) > MOST_FILES:
            complaints.append(f"more than {MOST_FILES} files")
            break
    return Folder(path, dict(sorted(sizes.items())), tuple(complaints))


def walk(path: Path, prefix: str = "", depth: int = 1) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below a folder but folders, none of which is entered through a link."""
    try:
        entries = sorted(os.scandir(path), key=lambda e: e.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if depth < DEPTH:
                yield from walk(Path(entry.path), f"{prefix}{entry.name}/", depth + 1)
        else:
            yield prefix + entry.name, entry


def inside(root: Path, name: str) -> Path:
    """Where a name leads in truth. Raises `Escape` when that is not below `root`, FileNotFoundError when it is nowhere."""
    real = (root / name).resolve(strict=True)
    if not real.is_relative_to(root):
        raise Escape(0, "a link that leads out of the checkpoint", name)
    return real


def open_inside(root: Path, name: str) -> BinaryIO:
    """Open a regular file below `root` for reading. Raises OSError."""
    fd = os.open(inside(root, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(0, "not a regular file", name)
    return os.fdopen(fd, "rb")
