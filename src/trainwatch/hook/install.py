"""Putting the hook where the job's Python finds it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).with_name("sitecustomize.py")

PARTS = tuple(sorted(Path(__file__).parent.glob("tw_hook_*.py")))
"""A file for each framework, read in the job when it imports that framework."""


def install(directory: Path) -> Path:
    """Copy the hook into `directory`, the `hook` folder of a run directory, which must exist; the path of the file that Python finds.

    The hook takes the parent of `directory` for its run directory. An older copy is replaced at once, so that a process that
    starts meanwhile never reads half a file; its parts come first.
    """
    for source in (*PARTS, SOURCE):
        tmp = directory / f"{source.name}.{os.getpid()}.tmp"
        tmp.write_bytes(source.read_bytes())
        tmp.chmod(0o600)
        tmp.replace(directory / source.name)
    return directory / SOURCE.name


def environment(directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with `directory` in front of PYTHONPATH, once.

    ValueError when the path holds a colon: PYTHONPATH cannot name such a folder.
    """
    folder = str(directory.absolute())
    if os.pathsep in folder:
        raise ValueError(f"{folder}: the hook cannot be reached through PYTHONPATH, because its path holds {os.pathsep!r}")
    rest = [p for p in environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != folder]
    return {**environ, "PYTHONPATH": os.pathsep.join([folder, *rest])}
