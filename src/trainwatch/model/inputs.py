"""What can arrive at the fold: six kinds of input, and nothing else.

Each is written to the arrivals file before it is folded, so that equal files give equal decisions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from trainwatch.model.part import Part

UNKNOWN_TIME = math.nan
"""The arrival time of bytes that nobody watched arriving: rules that need it are blind."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one source.

    `offset` is the byte position of `data[0]` in the source. `seen_at` is in Unix seconds, or `UNKNOWN_TIME`.
    `final` says that the source has ended: a last line without a newline is then complete. `data` may be empty. `goes_on` says that
    this attempt of the source is no new start of the job: the log was rotated, and this is what the job printed next.
    """

    source: str
    offset: int
    data: bytes
    seen_at: float = UNKNOWN_TIME
    attempt: int = 1
    final: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """It is now `now`, in Unix seconds. Ticks lie on a grid of one second."""

    now: float


@dataclass(frozen=True, slots=True)
class Gpu:
    """One device at one moment. None: the driver does not tell.

    `utilisation` is 0 to 1; memory in bytes; `temperature` in degrees Celsius; `power` in watts.
    `processes` are (pid, bytes used) as the driver reports them; empty where a PID namespace hides them.
    """

    index: int
    uuid: str
    name: str
    utilisation: float | None
    memory_used: int | None
    memory_total: int | None
    temperature: float | None = None
    power: float | None = None
    processes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """The devices at `at` (Unix seconds). `reason` says in words why `gpus` is empty; empty when it is not."""

    at: float
    gpus: tuple[Gpu, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """A checkpoint folder or file was looked at.

    `complete` is the verdict of the structural proof; `why` gives its reason in words.
    `step` is None when neither the name nor the contents tell it. `size` in bytes. `by` is who asked for the save.
    An empty `path` says that from now on somebody looks, and has found none yet.
    """

    at: float
    path: str
    step: int | None
    complete: bool
    why: str = ""
    kind: str = ""
    size: int = 0
    by: Literal["job", "standing", "request"] = "job"


@dataclass(frozen=True, slots=True)
class Order:
    """A person's command, as read from a request file, the standing order given to the job, or that an attempt of the job begins.

    `id` makes it idempotent.
    """

    at: float
    id: str
    op: Literal["save", "stop", "cancel", "note", "standing", "attempt"]
    who: str
    reason: str = ""
    options: dict[str, str | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Joined:
    """Logs have come to the run at `at` (Unix seconds). `parts` are all it has now."""

    at: float
    parts: tuple[Part, ...]


Input = Chunk | Tick | Sample | CheckpointSeen | Order | Joined
