"""The printed values that a verdict rests on."""

from __future__ import annotations

from trainwatch.model.block import Block
from trainwatch.model.verdict import Evidence
from trainwatch.rules.history import Point


def printed(block: Block, name: str, row: int) -> Evidence:
    """A value of a record."""
    return Evidence(name, block.columns[name][row], block.step(row), block.epoch(row), block.source, block.attempt, block.line(row))


def of(*points: Point) -> tuple[Evidence, ...]:
    """The evaluations, then the train losses, of these points."""
    found = [*(p.evaluation.evidence for p in points), *(p.train for p in points)]
    return tuple(e for e in found if e is not None)
