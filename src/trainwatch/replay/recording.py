"""A recorded run: its log, every input of the fold, every step of the stop machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Literal

from trainwatch.model.facts import Given
from trainwatch.model.inputs import Chunk, Input, Order, Tick
from trainwatch.model.snapshot import RunInfo, Stop
from trainwatch.store import journal
from trainwatch.store.arrivals import Recorded

DEMO = Path(__file__).with_name("demo")

Moment = tuple[float, Input | Stop]
"""When something came, in Unix seconds, and what it was."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`moments` in the order they came, at least one; `log` is the main source as it was at the end.

    `preset`, `stated` and `formats` are how the run was read and judged.
    """

    info: RunInfo
    moments: tuple[Moment, ...]
    log: bytes
    preset: str = "default"
    stated: Mapping[str, Given] = field(default_factory=dict)
    formats: tuple[str, ...] | None = None

    @property
    def start(self) -> float:
        """When the first input came, in Unix seconds."""
        return self.moments[0][0]

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return self.moments[-1][0] - self.start


def demo() -> Recording:
    """The run of examples/overfit_lm that comes with the package."""
    name = "overfit_lm.out"
    log = (DEMO / name).read_bytes()
    command = ("torchrun", "--nproc_per_node=2", "examples/overfit_lm/train.py")
    info = RunInfo("demo", "overfit_lm", (name,), command, may="stop=overfit")
    inputs = Recorded(DEMO / "arrivals.jsonl", lambda _, offset, length: log[offset : offset + length]).read()
    return Recording(info, in_order(inputs, DEMO / "journal.jsonl"), log)


def in_order(inputs: Iterable[Input], decisions: Path) -> tuple[Moment, ...]:
    """Inputs and the steps of the stop machine that a journal holds, by time."""
    return tuple(sorted([*_timed(inputs), *_stops(decisions)], key=itemgetter(0)))


def _timed(inputs: Iterable[Input]) -> Iterator[Moment]:
    """Each input with its time; one whose time nobody knows came with the one before."""
    last = 0.0
    for item in inputs:
        at = _at(item)
        last = max(last, at) if at == at else last  # noqa: PLR0124  NaN is the only value unlike itself
        yield last, item


def _at(item: Input) -> float:
    """The time of an input."""
    match item:
        case Tick():
            return item.now
        case Chunk():
            return item.seen_at
        case Order():
            return item.at
        case _:
            return item.at


def _stops(path: Path) -> Iterator[Moment]:
    """The steps of the stop machine; everything else that a journal tells is told by the fold."""
    checkpoint = rule = text = ""
    for entry in journal.read(path):
        at, event = entry.get("at"), entry.get("event")
        if not isinstance(at, int | float):
            continue
        if event == "machine":
            checkpoint, rule = str(entry.get("path") or checkpoint), _rule(str(entry.get("request") or ""))
            text = str(entry.get("text") or "")
            goal: Literal["save", "stop"] = "save" if entry.get("goal") == "save" else "stop"
            yield at, Stop(str(entry.get("state") or "idle"), text, rule, checkpoint, at, goal=goal)
        elif event == "stopped":
            code = entry.get("exit_code")
            yield at, Stop("stopped", text or "stopped", rule, checkpoint, at, code if isinstance(code, int) else None)


def _rule(request: str) -> str:
    """The rule that asked: its requests are named RULE.SEVERITY.EPISODE. Empty for what a person asked."""
    parts = request.split(".")
    return parts[0] if len(parts) == 3 and parts[2].isdecimal() else ""
