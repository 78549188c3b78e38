"""Running a case of a preset."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from trainwatch.model.block import Block, Kind
from trainwatch.model.facts import Facts
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.case import Case, Columns, Expected
from trainwatch.rules.preset import Preset

ORDER: dict[Kind, int] = {"train": 0, "info": 1, "eval": 2}
"""Records of one step, in the order in which frameworks print them."""


class _Numbered:
    """The locator of records that stand on lines of their own."""

    def line(self, offset: int) -> int:
        return offset + 1

    def step(self, row: int) -> int | None:  # noqa: ARG002  every record of a case has its step
        return None


def run(preset: Preset, case: Case) -> list[str]:
    """What the rule said otherwise than expected, in words; empty when all is as it must be."""
    board = Board(preset, Facts(case.facts))
    events = [e for e in _events(board, case) if e.rule == case.rule]
    found = [Expected(e.step, e.severity, e.verdict) for e in events]
    problems = []
    if found != list(case.expect):
        problems.append(f"expected {_say(case.expect)}; found {_say(found)}")
    status = next(s for s in board.statuses() if s.rule == case.rule)
    if case.outcome and status.verdict.outcome != case.outcome:
        problems.append(f"expected the rule to end {case.outcome}; it is {status.verdict.outcome}: {status.verdict.why}")
    return problems


def _events(board: Board, case: Case) -> Iterator[Event]:
    """Everything raised: records by step, looks at the disk after the step they follow, then arrivals and ticks by time."""
    looks = list(case.checkpoints)
    blocks = sorted((*_blocks("train", case.train), *_blocks("info", case.info), *_blocks("eval", case.evals)), key=_order)
    for i, block in enumerate(blocks):
        step = block.step(0) or 0
        if i == 0:
            yield from (e for after, seen in looks if after < step for e in board.checkpoint(seen))
        yield from board.observe(block)
        following = (blocks[i + 1].step(0) or 0) if i + 1 < len(blocks) else None
        if following != step:
            within = [seen for after, seen in looks if after >= step and (following is None or after < following)]
            yield from (e for seen in within for e in board.checkpoint(seen))
    marks = sorted([(at, step) for step, at in case.arrivals] + [(now, -1) for now in case.ticks])
    for at, step in marks:
        yield from board.tick(at) if step < 0 else board.progress(step, at)


def _order(block: Block) -> tuple[int, int]:
    return block.step(0) or 0, ORDER[block.kind]


def _blocks(kind: Kind, columns: Columns) -> list[Block]:
    """A block per row."""
    rows = len(columns.get("step", ()))
    return [
        Block(kind, "case", 1, "case", {n: array("d", [c[row]]) for n, c in columns.items()}, array("q", [row]), _Numbered())
        for row in range(rows)
    ]


def _say(events: tuple[Expected, ...] | list[Expected]) -> str:
    """Events as words."""
    return ", ".join(f"{e.verdict} {e.severity.word} at {e.step}" for e in events) or "nothing"
