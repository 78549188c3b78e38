"""JSON files: whole or not."""

from __future__ import annotations

import json
import os
from typing import Any, BinaryIO

LIMIT = 64 << 20
"""Bytes that are read at most: the largest tokenizers and training histories are below 30 MB."""


class Unreadable(ValueError):  # noqa: N818  a finding, not a failure of ours
    """The file is too large, or is not JSON; the text says which."""


def load(file: BinaryIO) -> Any:
    """The value in a file. Raises `Unreadable`."""
    size = os.fstat(file.fileno()).st_size
    if size > LIMIT:
        raise Unreadable(f"larger than {LIMIT >> 20} MiB, not read")
    try:
        return json.loads(file.read(LIMIT))
    except (ValueError, RecursionError) as error:
        raise Unreadable("empty" if size == 0 else "not whole: it is no valid JSON") from error


def fault(file: BinaryIO) -> str | None:
    """Why a JSON file is not whole; None when it is."""
    try:
        load(file)
    except Unreadable as error:
        return str(error)
    return None
