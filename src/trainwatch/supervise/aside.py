"""A word into supervisor.log, which is our stdout. A full disk swallows it and hurts nobody."""

from __future__ import annotations

import os
from contextlib import suppress


def say(text: str) -> None:
    """One line, unbuffered: what cannot be written now must not fail later."""
    with suppress(OSError):
        os.write(1, f"trainwatch: {text}\n".encode(errors="replace"))
