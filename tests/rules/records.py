"""Blocks of records from tables, cut as a test wants them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from tests.seeds import ROWS

from trainwatch.model.block import Block, Kind
from trainwatch.model.facts import Facts, FactValue
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.preset import Preset, load

Row = tuple[Kind, Mapping[str, float]]
"""A record: its kind and its values, step and epoch among them."""

S1_FACTS: dict[str, FactValue] = {"total_steps": 200, "eval_steps": 10, "save_steps": 100, "num_train_epochs": 100}


@dataclass(frozen=True)
class Lines:
    """A locator for records that stand on a line each."""

    steps: Sequence[int | None] = ()

    def line(self, offset: int) -> int:
        """Offsets are numbers of lines here."""
        return offset + 1

    def step(self, row: int) -> int | None:
        """The step, where a test gives one that no column holds."""
        return self.steps[row] if self.steps else None


def block(kind: Kind, rows: Sequence[Mapping[str, float]], first: int = 0, seen_at: float = float("nan")) -> Block:
    """Records of one kind and one set of names, from line `first + 1` on."""
    columns = {name: array("d", [row[name] for row in rows]) for name in rows[0]}
    return Block(kind, "train.out", 1, "test", columns, array("q", range(first, first + len(rows))), Lines(), seen_at=seen_at)


def blocks(rows: Sequence[Row], cuts: Sequence[int] = ()) -> list[Block]:
    """Neighbouring records of one kind and names as one block, cut before the given rows."""
    found: list[Block] = []
    start = 0
    for i in range(1, len(rows) + 1):
        if i == len(rows) or i in cuts or rows[i][0] != rows[start][0] or rows[i][1].keys() != rows[start][1].keys():
            found.append(block(rows[start][0], [values for _, values in rows[start:i]], start))
            start = i
    return found


def board(preset: str = "full", facts: Mapping[str, FactValue] | None = None) -> Board:
    """The rules of a preset before anything arrived."""
    return Board(_preset(preset), Facts(facts))


@cache
def _preset(name: str) -> Preset:
    """Read once: properties judge hundreds of runs."""
    return load(name)


def judge(
    rows: Sequence[Row], facts: Mapping[str, FactValue] | None = None, preset: str = "full", cuts: Sequence[int] = ()
) -> tuple[Board, list[Event]]:
    """A board that has seen the records, and the events it raised."""
    seated = board(preset, facts)
    return seated, [event for one in blocks(rows, cuts) for event in seated.observe(one)]


def curve(train: Sequence[float], evals: Sequence[float], every: int = 10, **more: Sequence[float]) -> list[Row]:
    """A train record and an evaluation every `every` steps; `more` are further columns of the train records."""
    rows: list[Row] = []
    for i, (a, b) in enumerate(zip(train, evals, strict=True)):
        step = float((i + 1) * every)
        rows.append(("train", {"step": step, "loss": a, **{name: column[i] for name, column in more.items()}}))
        rows.append(("eval", {"step": step, "eval_loss": b}))
    return rows


def s1() -> list[Row]:
    """The overfit run of `tests.seeds` as records."""
    rows: list[Row] = []
    for step, epoch, loss, grad_norm, rate, eval_loss in ROWS:
        rows.append(("train", {"step": float(step), "loss": loss, "grad_norm": grad_norm, "learning_rate": rate, "epoch": epoch}))
        if eval_loss is not None:
            rows.append(("eval", {"step": float(step), "eval_loss": eval_loss, "epoch": epoch}))
    return rows


def climbed(events: Sequence[Event], rule: str) -> list[tuple[str, int | None]]:
    """(severity, step) of each time a rule fired."""
    return [(e.severity.word, e.step) for e in events if e.rule == rule and e.verdict == "fired"]
