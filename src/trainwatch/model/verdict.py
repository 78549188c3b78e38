"""What a rule says: a verdict, with the evidence that anybody can look up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Outcome = Literal["ok", "pending", "blind", "suppressed", "fired"]
"""`ok`: looked, found nothing. `pending`: too little data yet. `blind`: an input is missing. `suppressed`: another fact forbids
judging. `fired`: the rule holds."""

Proof = Literal["fresh", "existing", "none"]
"""Which checkpoint must be proven before a stop: one saved now, the newest complete one from before the trouble, or none."""

Action = Literal["notify", "save", "stop"]


class Severity(IntEnum):
    """How bad a fired rule is. Levels compare."""

    YELLOW = 1
    ORANGE = 2
    RED = 3
    BLACK = 4

    @property
    def word(self) -> str:
        """The name as it is shown, stored and exported."""
        return self.name.lower()

    @property
    def meaning(self) -> str:
        """What a person should do, in the fewest words."""
        return ("prepare to stop", "save now", "save and stop", "the run is wasting resources")[self - 1]


def severity_of(word: str) -> Severity:
    """The severity of that name. Raises ValueError for any other word."""
    try:
        return Severity[word.upper()]
    except KeyError:
        raise ValueError(word) from None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One printed value that a verdict rests on. `line` is 1-based, 0 when not known; `step` and `epoch` None likewise."""

    name: str
    value: float
    step: int | None = None
    epoch: float | None = None
    source: str = ""
    attempt: int = 1
    line: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says about the newest record.

    `why` is one sentence for the user. `severity` is set exactly when `outcome` is "fired".
    `change` says what would make the rule say otherwise.
    """

    outcome: Outcome
    why: str = ""
    severity: Severity | None = None
    evidence: tuple[Evidence, ...] = ()
    change: str = ""


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """A rule of the preset and its newest verdict. `needs` names the missing input of a blind rule."""

    rule: str
    kind: str
    verdict: Verdict
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A change in what a rule says: it fired, climbed, or was withdrawn. The engine's only kind of decision.

    `episode` counts from 1 per rule: an episode begins when the rule fires and ends when it is withdrawn. (rule, severity, episode)
    names the event for ever: a restarted supervisor acts only on what the journal does not hold.
    `at` is the arrival time in Unix seconds of the record or tick that caused it, NaN when nobody watched.
    `action` is what the preset asks for at this severity; `proof` is what a stop needs.
    `eval_index` is the 0-based number of the newest evaluation, None when there was none.
    """

    rule: str
    kind: str
    verdict: Literal["fired", "withdrawn"]
    severity: Severity
    episode: int
    why: str
    step: int | None
    epoch: float | None
    source: str
    attempt: int
    line: int
    evidence: tuple[Evidence, ...] = ()
    change: str = ""
    action: Action = "notify"
    proof: Proof = "fresh"
    at: float = float("nan")
    eval_index: int | None = None

    @property
    def key(self) -> str:
        """The name of the event in the journal."""
        return f"{self.rule}/{self.severity.word}/{self.episode}"
