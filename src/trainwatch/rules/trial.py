"""Running a case of a preset."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from trainwatch.model.block import Block, Kind
from trainwatch.model.facts import Facts
from trainwatch.model.inputs import CheckpointSeen, Gpu, Sample
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
    raised = list(_events(board, case))
    if case.criterion:
        return _wrong_criterion(board, case)
    events = [e for e in raised if e.rule == case.rule]
    found = [Expected(e.step, e.severity, e.verdict) for e in events]
    problems = []
    if found != list(case.expect):
        problems.append(f"expected {_say(case.expect)}; found {_say(found)}")
    verdict = next(seat.episode.verdict for seat in board.seats if seat.spec.name == case.rule)
    if case.outcome and verdict.outcome != case.outcome:
        problems.append(f"expected the rule to end {case.outcome}; it is {verdict.outcome}: {verdict.why}")
    return problems


def _wrong_criterion(board: Board, case: Case) -> list[str]:
    """What is said of a criterion otherwise than expected."""
    found = next(c for c in board.criteria(over=case.ended) if c.name == case.criterion)
    return [] if found.state == case.outcome else [f"expected {case.outcome}; it is {found.state}: {found.why}"]


def _events(board: Board, case: Case) -> Iterator[Event]:
    """Everything raised: records by step, looks at the disk after the step they follow, then arrivals and ticks by time."""
    looks: list[tuple[int, CheckpointSeen | Block]] = [*case.checkpoints, *((after, _notice(after, said)) for after, said in case.notices)]
    blocks = sorted((*_blocks("train", case.train), *_blocks("info", case.info), *_blocks("eval", case.evals)), key=_order)
    for i, block in enumerate(blocks):
        step = block.step(0) or 0
        if i == 0:
            yield from (e for after, seen in looks if after < step for e in _look(board, seen))
        yield from board.observe(block)
        following = (blocks[i + 1].step(0) or 0) if i + 1 < len(blocks) else None
        if following != step:
            within = [seen for after, seen in looks if after >= step and (following is None or after < following)]
            yield from (e for seen in within for e in _look(board, seen))
    yield from (e for _, event in sorted(_timed(board, case), key=lambda x: x[0]) for e in event())


def _timed(board: Board, case: Case) -> Iterator[tuple[float, Callable[[], list[Event]]]]:
    """What happens at a time, with that time."""
    for step, at in case.arrivals:
        yield at, partial(board.progress, step, at)
    for size, at in case.unread:
        yield at, partial(board.arrived, size, at, read=False)
    for at, load, memory in case.samples:
        yield at, partial(board.sample, Sample(at, (Gpu(0, "0", "device", load, round(memory * 1e9), 10**9),)))
    for now in case.ticks:
        yield now, partial(board.tick, now)


def _look(board: Board, seen: CheckpointSeen | Block) -> list[Event]:
    """A look at the disk, or an event in the log."""
    return board.observe(seen) if isinstance(seen, Block) else board.checkpoint(seen)


def _notice(after: int, said: Mapping[str, float | str]) -> Block:
    """An event as a format hands it over."""
    numbers = {"step": float(after), **{n: float(v) for n, v in said.items() if isinstance(v, (int, float))}}
    texts = {n: v for n, v in said.items() if isinstance(v, str)}
    return Block("event", "case", 1, "case", {n: array("d", [v]) for n, v in numbers.items()}, array("q", [after]), _Numbered(), (texts,))


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
