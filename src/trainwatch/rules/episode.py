"""From judgements to events: confirmation, hysteresis, withdrawal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from trainwatch.model.verdict import Severity, Verdict
from trainwatch.rules.kind import Judgement


@dataclass(frozen=True, slots=True)
class Change:
    """What an episode went through: it fired or climbed to `severity`, or was withdrawn from it."""

    verdict: Literal["fired", "withdrawn"]
    severity: Severity
    episode: int
    judgement: Judgement


def limited(found: Judgement, ladder: Collection[Severity]) -> Judgement:
    """A finding on a ladder that lacks some levels: the next lower one counts, none is quiet."""
    verdict = found.verdict
    if verdict.severity is None and found.holds is None:
        return found
    severity, holds = _lower(verdict.severity, ladder), _lower(found.holds, ladder)
    if severity is verdict.severity and holds is found.holds:
        return found
    if severity is not verdict.severity:
        verdict = replace(verdict, severity=severity) if severity else Verdict("ok", verdict.why)
    return replace(found, verdict=verdict, holds=holds)


def _lower(severity: Severity | None, ladder: Collection[Severity]) -> Severity | None:
    """The highest level of the ladder up to this one."""
    if severity is None or severity in ladder:
        return severity
    return max((s for s in ladder if s <= severity), default=None)


class Episode:
    """The episodes of one rule.

    It fires after `confirm` findings in a row. It falls after `clear_after` findings in a row in which the condition was false even
    at half its thresholds, at once when it is negated, and when the subject changes. A level is announced once per episode.
    """

    def __init__(self, confirm: int, clear_after: int) -> None:
        self.number = 0
        self.level: Severity | None = None
        self.verdict = Verdict("pending")
        self.needs = ""
        self.subject = ""
        self._confirm = confirm
        self._clear_after = clear_after
        self._found: list[Severity] = []
        self._quiet = 0
        self._announced: Severity | None = None

    def judge(self, found: Judgement) -> list[Change]:
        """Take in a finding; returns what changed."""
        self.needs = found.needs
        severity = found.verdict.severity
        changes = []
        if self.level is not None and severity is not None and found.subject != self.subject:
            changes.append(self._end(found))
        self._found = [*self._found, severity][-self._confirm :] if severity is not None else []
        confirmed = min(self._found) if len(self._found) == self._confirm else None
        if confirmed is not None and (self.level is None or confirmed >= self.level):
            changes += self._raise(confirmed, found)
        elif self.level is not None:
            changes += self._ease(found)
        elif severity is None:
            self.verdict = found.verdict
        else:
            self.verdict = Verdict("pending", f"{found.verdict.why}; to be confirmed", None, found.verdict.evidence, found.verdict.change)
        return changes

    def restart(self, why: str) -> list[Change]:
        """End what holds, for this reason; the next finding is the first. Episodes are counted on."""
        found = Judgement(Verdict("pending", why))
        self.verdict, self._found, self._quiet = found.verdict, [], 0
        return [self._end(found)] if self.level is not None else []

    def _raise(self, severity: Severity, found: Judgement) -> list[Change]:
        """It holds, at this level or a higher one than before."""
        if self.level is None:
            self.number += 1
            self._announced = None
        self._quiet = 0
        self.level, self.subject = severity, found.subject
        self.verdict = replace(found.verdict, severity=severity)
        if self._announced is not None and severity <= self._announced:
            return []
        self._announced = severity
        return [Change("fired", severity, self.number, found)]

    def _ease(self, found: Judgement) -> list[Change]:
        """It no longer holds at its level: wait, fall to what still holds, or end."""
        if found.verdict.outcome in ("pending", "blind", "suppressed"):
            return []
        holds = max((s for s in (found.holds, found.verdict.severity) if s is not None), default=None)
        if self.level is not None and holds is not None and holds >= self.level:
            self._quiet = 0
            return []
        self._quiet += 1
        if not found.negated and self._quiet < self._clear_after:
            return []
        if holds is None or found.negated:
            return [self._end(found)]
        self.level, self._quiet = holds, 0
        if found.verdict.severity is not None:
            self.verdict = found.verdict
        return []

    def _end(self, found: Judgement) -> Change:
        """Withdraw."""
        severity = self._announced or Severity.YELLOW
        self.level, self._quiet, self._announced = None, 0, None
        self._found = []
        if found.verdict.severity is None:
            self.verdict = found.verdict
        return Change("withdrawn", severity, self.number, found)
