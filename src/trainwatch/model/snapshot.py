"""All that a view or a report may know of a run, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from trainwatch.model.criterion import CriterionStatus
from trainwatch.model.facts import Fact
from trainwatch.model.failure import Failure
from trainwatch.model.inputs import CheckpointSeen, Sample
from trainwatch.model.part import Attempt, Heard, Part
from trainwatch.model.schedule import Schedule
from trainwatch.model.series import Series
from trainwatch.model.span import Span
from trainwatch.model.verdict import Action, Event, Evidence, RuleStatus, Severity

State = Literal["starting", "running", "silent", "saving", "stopping", "stopped", "done", "failed", "lost"]
PhaseName = Literal[
    "warm-up", "healthy", "divergence", "severe", "memorised", "dead", "unstable", "plateau", "unsure", "improving", "flat", "collapsing"
]
"""The last three are phases of a reward, in reinforcement learning."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Who the run is. `id` is unique, `name` is for people. `started_at` in Unix seconds, NaN when not known.

    `sources` are the log files, the first one being the main one. `supervised` says whether a supervisor of ours holds the run.
    `parts` says which attempt and rank each of several sources holds; a source that is not named there begins the first attempt.
    """

    id: str
    name: str
    sources: tuple[str, ...]
    command: tuple[str, ...] = ()
    host: str = ""
    directory: str = ""
    job_id: str = ""
    started_at: float = float("nan")
    supervised: bool = False
    may: str = "watch"
    parts: tuple[Part, ...] = ()

    def attempt_of(self, source: str) -> int:
        """The attempt of a source's first byte."""
        return next((part.attempt for part in self.parts if part.source == source), 1)

    @property
    def main(self) -> str:
        """The source to look at first: the first part of the newest attempt; empty without any."""
        newest = max((part.attempt for part in self.parts), default=1)
        return next((part.source for part in self.parts if part.attempt == newest), self.sources[0] if self.sources else "")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation.

    `values` holds every metric it printed; `train_loss` is the median train loss since the evaluation before, None when no train
    record lies between. `index` is 0-based. `at` is its arrival time, NaN when nobody watched.
    """

    index: int
    value: float
    step: int | None
    epoch: float | None
    values: Mapping[str, float]
    train_loss: float | None
    evidence: Evidence
    at: float = float("nan")


@dataclass(frozen=True, slots=True)
class Best:
    """The best evaluation so far by the primary metric, the first of equals. `guessed` when no configuration names the metric."""

    metric: str
    direction: Literal["min", "max"]
    value: float
    step: int | None
    epoch: float | None
    guessed: bool = True


@dataclass(frozen=True, slots=True)
class PhaseSpan:
    """A stretch of the run. It starts at the evaluation before its first state: the change happened inside that interval.

    `eval_start` is the 0-based number of the evaluation of its first state, None when it rests on none.
    """

    phase: PhaseName
    step_start: int | None
    epoch_start: float | None
    step_end: int | None
    epoch_end: float | None
    why: str
    eval_start: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that holds now. `since_step` is the step at which the episode began. `action` is what the preset asks for at this severity."""

    rule: str
    severity: Severity
    why: str
    change: str
    since_step: int | None
    step: int | None
    episode: int
    evidence: tuple[Evidence, ...] = ()
    action: Action = "notify"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the run is. Durations in seconds; None: not known. `step_time` is the median seconds per step of late."""

    step: int | None = None
    total_steps: int | None = None
    epoch: float | None = None
    total_epochs: float | None = None
    step_time: float | None = None
    eta: float | None = None
    samples_per_second: float | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class SavedLine:
    """A checkpoint that the log itself says was saved. Nobody has looked at it. `step` None: the line does not tell."""

    path: str
    step: int | None
    source: str
    attempt: int
    line: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a person said of a point of the run: rules that judge how training goes start again there. `at` in Unix seconds.

    `records` is how many had been read by then.
    """

    text: str
    who: str
    at: float
    step: int | None
    epoch: float | None
    records: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a stop or save stands. `machine` is the stop machine's own state; `text` says it in a sentence; `goal` is what is asked for."""

    machine: str = "idle"
    text: str = ""
    rule: str = ""
    checkpoint: str = ""
    since: float = float("nan")
    exit_code: int | None = None
    goal: Literal["save", "stop"] = "stop"


def _no_schedule() -> Schedule | None:
    """No learning rate is known."""
    return None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment. Series are shared with the engine and must not be written to.

    The x of a series is its step. `epochs` holds the epoch of each record of a run that prints no step, whose x is the number of the
    record; it is empty as soon as a step is known.
    `saved_best` is the complete checkpoint with the best evaluation at its step, with that value; None when there is none.
    `saved_lines` are the saves that the log announces; what is on disk stands in `checkpoints`.
    `events` holds every change raised so far, in order; `alerts` those that hold now, the worst first.
    `preview` says that only a sample of the log has been read yet, and `history_read` how much of the rest since, from 0 to 1, None where
    nobody is at it. `data_age` in seconds, None when nobody watches.
    `time_left` is how many seconds the allocation, or the time that was named, still lasts; None: no end is known.
    `schedule` works out what the printed learning rates follow: it takes some hundredths of a second, so only who asks pays.
    `tail` holds the newest lines of the log, cleaned of control characters. `attempts` are all since the run began, the newest last.
    """

    run: RunInfo
    state: State = "starting"
    now: float = float("nan")
    progress: Progress = field(default_factory=Progress)
    span: Span = field(default_factory=Span)
    phases: tuple[PhaseSpan, ...] = ()
    alerts: tuple[Alert, ...] = ()
    rules: tuple[RuleStatus, ...] = ()
    events: tuple[Event, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    best: Best | None = None
    checkpoints: tuple[CheckpointSeen, ...] = ()
    saved_best: tuple[CheckpointSeen, float] | None = None
    saved_lines: tuple[SavedLine, ...] = ()
    schedule: Callable[[], Schedule | None] = field(default=_no_schedule, compare=False, repr=False)
    series: Mapping[str, Series] = field(default_factory=dict)
    epochs: Series = field(default_factory=Series)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    sample: Sample | None = None
    stop: Stop = field(default_factory=Stop)
    failure: Failure | None = None
    tail: tuple[str, ...] = ()
    records: int = 0
    bytes_read: int = 0
    formats: tuple[str, ...] = ()
    preview: bool = False
    history_read: float | None = None
    data_age: float | None = None
    time_left: float | None = None
    exit_code: int | None = None
    caveats: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    heard: tuple[Heard, ...] = ()
    criteria: tuple[CriterionStatus, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """What a view may ask for. `confirm` repeats what the person typed."""

    op: Literal["save", "stop", "cancel", "detach"]
    reason: str = ""
    confirm: str = ""
    unsaved: bool = False


class Feed(Protocol):
    """All that a view and what drives it know of each other. A view cannot tell live from recorded."""

    def latest(self) -> Snapshot:
        """The newest snapshot."""
        ...

    def subscribe(self, tell: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Be told of newer snapshots, from any thread; returns what ends it."""
        ...

    def request(self, command: Command) -> str:
        """Ask; returns a sentence for the user: accepted, or why not."""
        ...

    def refusal(self, op: str) -> str:
        """Why such a command could not be accepted now, in a sentence for the user; empty when it could."""
        ...

    def log(self, end: int | None, lines: int) -> tuple[int, tuple[str, ...]]:
        """(start offset, cleaned lines): the last `lines` lines of the main source that end at or before byte `end` (None: now)."""
        ...
