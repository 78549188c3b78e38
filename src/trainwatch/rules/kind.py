"""What a rule kind is: settings, and a state that turns records into judgements."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from trainwatch.model.block import Block
from trainwatch.model.block import Kind as RecordKind
from trainwatch.model.inputs import CheckpointSeen, Sample
from trainwatch.model.snapshot import PhaseName
from trainwatch.model.verdict import Action, Evidence, Proof, Severity, Verdict
from trainwatch.rules.history import History


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule finds after one input.

    `holds` is the highest severity whose condition is still true at half its thresholds: what is fired stays fired down to there.
    `negated` says that the opposite of the condition is plain, so that nothing needs to be waited for.
    `subject` names what the finding is about: another subject begins another episode. `needs` names a blind rule's missing input.
    """

    verdict: Verdict
    holds: Severity | None = None
    negated: bool = False
    subject: str = ""
    needs: str = ""


def ok(why: str = "", *, holds: Severity | None = None, negated: bool = False) -> Judgement:
    """Looked, found nothing."""
    return Judgement(Verdict("ok", why), holds, negated)


def pending(why: str) -> Judgement:
    """Too little data yet."""
    return Judgement(Verdict("pending", why))


def blind(needs: str) -> Judgement:
    """An input is missing."""
    return Judgement(Verdict("blind", f"needs {needs}"), needs=needs)


def suppressed(why: str) -> Judgement:
    """Another fact forbids judging."""
    return Judgement(Verdict("suppressed", why))


def fired(severity: Severity, why: str, evidence: Iterable[Evidence], change: str, *, subject: str = "") -> Judgement:
    """The rule holds."""
    return Judgement(Verdict("fired", why, severity, tuple(evidence), change), severity, subject=subject)


class Rule:
    """The state of one rule in one run. A kind overrides what it needs; nothing else is called.

    Each returns what it finds, None when the input says nothing new.
    """

    def start(self) -> Judgement:
        """What holds before anything arrived."""
        return pending("no evaluation yet")

    def evaluated(self, history: History) -> Judgement | None:
        """A new evaluation is the newest point of the history."""

    def records(self, block: Block, history: History) -> Iterable[tuple[int, Judgement]]:  # noqa: ARG002
        """Train, info or eval records arrived; yields (row, judgement) where the finding changes. Blocks may be cut anywhere."""
        return ()

    def heeds(self, kind: RecordKind, columns: Collection[str]) -> bool:  # noqa: ARG002
        """Whether `records` wants to see records of this kind with these columns; the answer never changes."""
        return True

    def went_back(self, *, anew: bool) -> None:
        """Steps go back with the next records: a resume, or a run that begins `anew` in the same log."""

    def noticed(self, block: Block, history: History) -> Judgement | None:
        """An event stands in the log (a block of one row)."""

    def checkpoint(self, seen: CheckpointSeen, history: History) -> Judgement | None:
        """A checkpoint was looked at."""

    def progress(self, step: int, at: float) -> Judgement | None:
        """Bytes that arrived at `at` (Unix seconds) brought the run to `step`."""

    def arrived(self, size: int, at: float, *, read: bool) -> Judgement | None:
        """`size` bytes arrived at `at` (Unix seconds); `read` says whether anything in them was read."""

    def sampled(self, sample: Sample) -> Judgement | None:
        """The devices were looked at."""

    def tick(self, now: float) -> Judgement | None:
        """It is now `now`, in Unix seconds."""

    def restarted(self) -> Judgement | None:
        """The job is started again: the next attempt of the run, which has not printed anything yet."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule. `settings` is a frozen dataclass whose defaults are the kind's; `make` builds the state of one rule from it.

    `ladder` gives each severity it can reach and the default action there. `confirm` is how often in a row it must be found.
    `needs` says in words what it judges. `phase` names the phase of a run while such a rule is fired, from `phase_from` on.
    `lasting` says that a person's note does not start it again: it judges the job, its configuration or its beginning.
    """

    name: str
    summary: str
    needs: str
    settings: type
    make: Callable[[Any], Rule]
    ladder: Mapping[Severity, Action]
    proof: Proof = "fresh"
    stop_by_default: bool = False
    confirm: int = 1
    phase: PhaseName | None = None
    phase_from: Severity = Severity.YELLOW
    clear_after: int = field(default=2)
    lasting: bool = False
