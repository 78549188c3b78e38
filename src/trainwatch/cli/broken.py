"""A line for a person's terminal: broken between words, and what follows its first row set in."""

from __future__ import annotations

import os
import textwrap
from typing import TextIO

INDENT = 4
"""Columns by which the rows after the first stand further in than it."""

NARROW = 2 * INDENT
"""Columns of a terminal below which nothing is gained."""


def broken(line: str, stream: TextIO) -> str:
    """The line as it is for a file or a pipe, in as many rows as it needs for a terminal."""
    width = _width(stream)
    if width <= NARROW or len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + INDENT)
    return "\n".join(textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False))


def _width(stream: TextIO) -> int:
    """The columns of a terminal; 0 where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return 0
