"""The files a checkpoint is made of, each proven by the kind that its name says."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from trainwatch.checkpoints import json_file, pickled, safetensors, torch_zip
from trainwatch.checkpoints.folder import Folder

PROOFS: dict[str, Callable[[BinaryIO], str | None]] = {
    ".safetensors": safetensors.fault,
    ".pt": torch_zip.fault,
    ".pth": torch_zip.fault,
    ".ckpt": torch_zip.fault,
    ".bin": torch_zip.fault,
    ".json": json_file.fault,
}
"""By suffix; files with another one (a README, vocabulary) are not looked into."""

WEIGHTS = frozenset(PROOFS) - {".json"}
UNFINISHED = (".tmp", ".part", ".incomplete")
"""Endings of files that are still being written."""


def suffix(name: str) -> str:
    """The ending of a name, with its dot, in lower case."""
    return PurePosixPath(name).suffix.lower()


def faults(folder: Folder) -> Iterator[str]:
    """What is wrong with the files, one by one; nothing when all are whole."""
    yield from folder.complaints
    for name in folder.sizes:
        if suffix(name) in UNFINISHED:
            yield f"{name}: still being written"
        elif suffix(name) in PROOFS:
            fault = part(folder, name)
            if fault:
                yield f"{name}: {fault}"


def part(folder: Folder, name: str) -> str | None:
    """What is wrong with one file whose suffix is known; None when it is whole."""
    return examine(folder, name, PROOFS[suffix(name)])


def examine(folder: Folder, name: str, proof: Callable[[BinaryIO], str | None]) -> str | None:
    """What is wrong with one file by this proof; None when it is whole."""
    try:
        with folder.open(name) as file:
            return proof(file)
    except FileNotFoundError:
        return "gone while it was looked at"
    except OSError as error:
        return error.strerror or str(error)


def values(folder: Folder, name: str) -> dict[Any, Any] | None:
    """What a whole file of torch.save holds by name, without loading it; None when that cannot be told."""
    if name not in folder.sizes or part(folder, name) is not None:
        return None
    try:
        with folder.open(name) as file:
            return torch_zip.values(file)
    except (OSError, pickled.NotPlain, zipfile.BadZipFile):
        return None
