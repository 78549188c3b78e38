"""Rows of text in columns."""

from __future__ import annotations

from collections.abc import Container, Sequence

from trainwatch.present.clean import clean
from trainwatch.present.width import cells


def aligned(rows: Sequence[Sequence[str]], left: Container[int]) -> str:
    """One line a row, each ending in a newline; the columns in `left` begin flush, the others end flush. Nothing in a cell is obeyed."""
    cleaned = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*cleaned, strict=True)]
    return "".join(_line(row, widths, left) for row in cleaned)


def _line(row: Sequence[str], widths: Sequence[int], left: Container[int]) -> str:
    """One row."""
    gaps = [" " * (width - cells(cell)) for cell, width in zip(row, widths, strict=True)]
    return "  ".join(cell + gap if i in left else gap + cell for i, (cell, gap) in enumerate(zip(row, gaps, strict=True))).rstrip() + "\n"
