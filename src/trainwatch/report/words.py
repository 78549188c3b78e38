"""Small words of the report: lists, plurals, places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import PurePosixPath

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.clean import clean
from trainwatch.present.numbers import UNKNOWN, number

LONG = 120
"""Letters of a failure's line in a sentence."""

MANY = 6
"""Steps named one by one; more are counted."""


def hours(value: float | None) -> str:
    """Hours with one decimal, short ones with two digits."""
    return number(value, 2) if value is None or value < 0.95 else f"{value:.1f}"


def plural(count: int, noun: str) -> str:
    """A count and its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def steps_of(steps: Iterable[int | None]) -> str:
    """Steps as words: "steps 100, 200", the first and last of many, empty when there is none."""
    known = sorted({s for s in steps if s is not None})
    if not known:
        return ""
    if len(known) > MANY:
        return f"{len(known)} steps from {known[0]} to {known[-1]}"
    return f"step{'s' if len(known) > 1 else ''} {', '.join(str(s) for s in known)}"


def position(step: int | None, epoch: float | None) -> str:
    """Where something happened: step, epoch, both, or that it is not known."""
    parts = [f"step {step}"] if step is not None else []
    if epoch is not None:
        parts.append(f"epoch {epoch:.4g}")
    return ", ".join(parts) or "an unknown step"


def place(source: str, line: int) -> str:
    """File and line, short enough for a table; the JSON document has the whole path."""
    name = PurePosixPath(source).name or source
    return f"{name}:{line}" if line else name


def alike(paths: Sequence[tuple[str, ...]]) -> int:
    """How many first parts all paths have in common."""
    return sum(1 for _ in takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False)))


def ended(snapshot: Snapshot) -> str:
    """What ended the run, in one sentence."""
    if snapshot.stop.text and snapshot.state in ("stopping", "stopped"):
        return snapshot.stop.text[0].upper() + snapshot.stop.text[1:].rstrip(".") + "."
    failure = snapshot.failure
    if failure is not None:
        where = f" ({place(failure.source, failure.line)})" if failure.line else ""
        sure = "" if failure.provable else "; the log alone does not prove it"
        rank = f" on rank {failure.rank}" if failure.rank is not None else ""
        return f"It ended with {failure.kind}{rank}{where}{_line(failure.text)}{sure}."
    return _ended_quietly(snapshot)


def _line(text: str) -> str:
    """The line that tells it, cut where it is long: the section on the end has it whole."""
    line = " ".join(clean(text).split())
    return "" if not line else f": {line.rstrip('.!')}" if len(line) <= LONG else f": {line[:LONG].rstrip()} …"


def _ended_quietly(snapshot: Snapshot) -> str:
    """The end of a run that no failure explains."""
    progress = snapshot.progress
    match snapshot.state:
        case "done" if progress.total_steps and progress.step is not None and progress.step < progress.total_steps:
            return f"The log stops at step {progress.step} of {progress.total_steps} and gives no reason."
        case "done" if progress.total_steps and progress.step is not None:
            return "It came to its last step, and the log names no failure."
        case "done":
            return "The log ends and names no failure."
        case "failed":
            code = "" if snapshot.exit_code is None else f" with exit code {snapshot.exit_code}"
            return f"It failed{code}, and the log names no cause."
        case "stopped":
            return "It was stopped."
        case "lost":
            return "It is gone, and nothing says how it ended."
        case _:
            return "It has not ended."


def whole(value: object) -> int:
    """A configuration value as a whole number; 0 when it is none (a ratio, a word)."""
    text = str(value).removesuffix(".0")
    return int(text) if text.isdigit() else 0


def fact(value: object) -> str:
    """A configuration value as people write it: counts without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def integer(value: int | None) -> str:
    """A whole number, as it stands in a table."""
    return UNKNOWN if value is None else str(value)
