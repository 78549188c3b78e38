"""Small text files in which frameworks note the newest checkpoint, written after it is complete."""

from __future__ import annotations

from trainwatch.checkpoints.folder import Folder, open_inside

LIMIT = 4096
"""Bytes that are read at most."""


def note(folder: Folder, name: str) -> str | None:
    """The text of a small file in the folder; None when it is not there or cannot be read."""
    return _text(folder, name)


def note_above(folder: Folder, name: str) -> str | None:
    """The text of a small file beside the folder; None when it is not there or cannot be read."""
    return _text(Folder(folder.path.parent, {}), name)


def _text(folder: Folder, name: str) -> str | None:
    try:
        with open_inside(folder.path, name) as file:
            return file.read(LIMIT).decode("utf-8").strip()
    except (OSError, RuntimeError, ValueError):
        return None
