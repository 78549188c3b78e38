"""Which checkpoint holds which evaluation."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from trainwatch.model.snapshot import Best, SavedLine, Snapshot
from trainwatch.report.words import place

_STEP_IN_NAME = re.compile(r"(?:checkpoint|ckpt|step|iter)[-_=]?(\d{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A checkpoint and the evaluation made at its step. `value` is None when no evaluation belongs to it.

    `complete` is None where only the log says that the checkpoint was saved and nobody looked at it.
    """

    path: str
    step: int | None
    value: float | None
    complete: bool | None
    why: str
    by: str


def assess(snapshot: Snapshot) -> tuple[OnDisk, ...]:
    """Every checkpoint that was looked at, then those that only the log names, each with the evaluation of its step."""
    values = {e.step: e.value for e in snapshot.evaluations if e.step is not None}
    found: dict[str, OnDisk] = {}
    for seen in snapshot.checkpoints:
        value = None if seen.step is None else values.get(seen.step)
        found[seen.path] = OnDisk(seen.path, seen.step, value, seen.complete, seen.why, seen.by)
    looked_at = {PurePosixPath(path).name for path in found}
    for line in snapshot.saved_lines:
        if PurePosixPath(line.path).name not in looked_at:
            step = _step(line)
            why = f"named by {place(line.source, line.line)}"
            found[line.path or why] = OnDisk(line.path, step, None if step is None else values.get(step), None, why, "job")
    return tuple(found.values())


def _step(line: SavedLine) -> int | None:
    """The step in the folder's name, else the one at which the line was printed."""
    match = _STEP_IN_NAME.search(PurePosixPath(line.path).name)
    return int(match[1]) if match else line.step


def is_best_saved(disk: tuple[OnDisk, ...], best: Best) -> bool | None:
    """Whether a checkpoint of the best evaluation's step is there and not torn; None when a step that nobody knows may be that one."""
    whole = [c for c in disk if c.complete is not False]
    if best.step is not None and any(c.step == best.step for c in whole):
        return True
    return None if not disk or best.step is None or any(c.step is None for c in whole) else False


def best_on_disk(disk: tuple[OnDisk, ...], snapshot: Snapshot, until: int | None = None) -> OnDisk | None:
    """The checkpoint of the best evaluation, not known to be torn, of a step up to `until`; None when there is none."""
    best: OnDisk | None = None
    for checkpoint in disk:
        late = until is not None and (checkpoint.step is None or checkpoint.step > until)
        if checkpoint.complete is False or late or checkpoint.value is None or snapshot.best is None:
            continue
        if is_better(checkpoint.value, best.value if best else None, snapshot.best):
            best = checkpoint
    return best


def is_better(value: float, than: float | None, best: Best) -> bool:
    """Whether a value beats another in the direction of the primary metric; equal is not better, and NaN never is."""
    if math.isnan(value):
        return False
    if than is None:
        return True
    return value < than if best.direction == "min" else value > than
