"""Where a job saves: a checkpoint that the job names somewhere else is not taken for one of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

FOREIGN = "{path} lies outside the folders this job is known to save in; state another one with --fact output_dir=DIR"


OUTPUTS = frozenset(
    [
        "output_dir",
        "out",
        "out_dir",
        "outdir",
        "output",
        "save",
        "save_dir",
        "savedir",
        "checkpoint_dir",
        "ckpt_dir",
        "default_root_dir",
        "work_dir",
        "logging_dir",
    ]
)
"""What scripts call the folder in which they save; compared without leading dashes and with `_` for `-`."""


def outputs(command: Sequence[str]) -> list[str]:
    """The folders that options of a command line name as the place for what the job writes, whether they are there yet or not."""
    found = []
    for at, word in enumerate(command):
        name, equals, value = word.partition("=")
        if name.lstrip("-").replace("-", "_") not in OUTPUTS or not (name.startswith("-") or equals):
            continue
        after = value if equals else command[at + 1] if at + 1 < len(command) else ""
        if after and not after.startswith("-"):
            found.append(after)
    return found


def named(command: Sequence[str], cwd: Path) -> list[Path]:
    """The folders that a command line names, and the folder of its script: a word, or what stands behind its `=`."""
    words = [cwd / part for word in command for part in (word, word.partition("=")[2]) if part and not part.startswith("-")]
    return [path for path in words if _is_folder(path)] + [path.parent for path in words if path.suffix == ".py"]


def working_directories(pids: Iterable[int]) -> list[Path]:
    """Where processes of this machine run; left out where that cannot be told."""
    found = []
    for pid in pids:
        with suppress(OSError):
            found.append(Path(f"/proc/{pid}/cwd").readlink())
    return found


def within(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path lies in one of these folders once all links are followed."""
    try:
        real = path.resolve()
        return any(real.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError):
        return False


def _is_folder(path: Path) -> bool:
    """Whether that is a folder; a word that can be no path is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
