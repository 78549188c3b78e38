"""Attempts and sources of a run as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from trainwatch.model.part import Attempt, Heard
from trainwatch.present.clean import clean
from trainwatch.present.numbers import duration, integer

FEW = 4
"""Sources that are named one by one."""


def attempt_sentences(attempts: Sequence[Attempt]) -> list[str]:
    """One sentence an attempt; nothing for a run that was started once."""
    return [_attempt(attempt) for attempt in attempts] if len(attempts) > 1 else []


def last_words(heard: Sequence[Heard]) -> list[str]:
    """The last line of each source of the newest attempt; nothing for a single one."""
    newest = max((one.attempt for one in heard), default=1)
    told = [one for one in heard if one.attempt == newest and one.last_line]
    if len(told) < 2:
        return []
    return [f"{'' if one.rank is None else f'rank {one.rank}, '}{_file(one.source)}: {one.last_line}" for one in told]


def named(sources: Sequence[str]) -> str:
    """A few sources by name, many by their number."""
    return clean(", ".join(sources)) if len(sources) <= FEW else f"{len(sources)} logs, {clean(sources[0])} the first"


def _attempt(attempt: Attempt) -> str:
    """How far one attempt came, how long it took, what ended it."""
    first, last = attempt.step_start, attempt.step_end
    far = f"steps {integer(first)} to {integer(last)}" if first is not None and last is not None else f"{integer(attempt.records)} records"
    time = "" if attempt.seconds is None else f" in {duration(attempt.seconds)}"
    end = f", ended by {attempt.failure}" if attempt.failure else ""
    return f"attempt {attempt.number}: {far}{time}{end} ({named([_file(source) for source in attempt.sources])})"


def _file(source: str) -> str:
    """The name of a source without its folders."""
    return clean(source.rsplit("/", 1)[-1])
