"""A recorded run: its log, every input of the fold, every step of the stop machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from trainwatch.model.inputs import Chunk, Input, Order, Tick
from trainwatch.model.snapshot import RunInfo, Stop
from trainwatch.store import journal
from trainwatch.store.arrivals import Recorded

DEMO = Path(__file__).with_name("demo")

Moment = tuple[float, Input | Stop]
"""When something came, in Unix seconds, and what it was."""


@dataclass(frozen=True, slots=True)
class Recording:
    """`moments` in the order they came; `log` is the main source as it was at the end."""

    info: RunInfo
    moments: tuple[Moment, ...]
    log: bytes

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
    moments = sorted([*_timed(inputs), *_stops(DEMO / "journal.jsonl")], key=itemgetter(0))
    return Recording(info, tuple(moments), log)


def _timed(inputs: Iterator[Input]) -> Iterator[Moment]:
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
    """The steps of the stop machine."""
    checkpoint = ""
    for entry in journal.read(path):
        if entry["event"] == "machine":
            checkpoint = entry["path"] or checkpoint
            yield entry["at"], Stop(entry["state"], entry["text"], _rule(entry["request"]), checkpoint, entry["at"])
        else:
            yield entry["at"], Stop("stopped", _last_words(checkpoint), "overfit", checkpoint, entry["at"], entry["exit_code"])


def _rule(request: str) -> str:
    """The rule that asked: requests are named RULE.SEVERITY.EPISODE."""
    return request.split(".", maxsplit=1)[0]


def _last_words(checkpoint: str) -> str:
    """How the run ended."""
    return f"stopped by overfit; {Path(checkpoint).name} proven"
