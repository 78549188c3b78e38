"""From events of the fold to wishes: each acted on once in the life of a run, whoever supervises it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Alert
from trainwatch.model.verdict import Event
from trainwatch.store import journal
from trainwatch.supervise.control import safe_id
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.machine import Wish
from trainwatch.supervise.may import May

RESUMABLE = frozenset({"hang"})
"""Kinds of rules after which a run should be resumed."""


class Decider:
    """What the rules ask for, as far as it is allowed and was not done before.

    Events are gathered while history is read; only what still holds at the newest record is acted on.
    """

    def __init__(self, diary: Diary, may: May, *, unsaved: bool, earlier: Path | None = None) -> None:
        """`diary` also tells what earlier supervisors said and did, `earlier` what those of earlier attempts did.

        `unsaved` allows a stop without a proven checkpoint.
        """
        self._diary = diary
        self._may = may
        self._unsaved = unsaved
        past = [entry for path in (earlier, diary.path) if path is not None for entry in journal.read(path)]
        self._said = {(str(e.get("name")), str(e.get("verdict"))) for e in past if e.get("event") == "rule"}
        self._done = {str(e["key"]) for e in past if "key" in e}
        self._gathered: dict[str, Event] = {}

    def gather(self, events: Iterable[Event], now: float) -> None:
        """Keep the newest event of each rule, and journal each that is new."""
        for event in events:
            self._gathered[event.rule] = event
            name = (event.key, event.verdict)
            if name not in self._said:
                self._said.add(name)
                self._diary.note("rule", now, name=event.key, verdict=event.verdict, step=event.step, why=event.why)

    @property
    def pending(self) -> bool:
        """Whether anything was gathered since the last `wishes`."""
        return bool(self._gathered)

    def wishes(self, alerts: Collection[Alert], series: Mapping[str, Series] | None = None) -> list[Wish]:
        """What is to be done now that the newest record is judged, the worst first. `alerts` are the rules that hold, `series` the metrics."""
        holding = {(alert.rule, alert.episode, alert.severity) for alert in alerts}
        held = [e for e in self._gathered.values() if (e.rule, e.episode, e.severity) in holding and e.key not in self._done]
        self._gathered.clear()
        held.sort(key=lambda event: event.severity, reverse=True)
        return [wish for event in held if (wish := self._wish(event, series or {})) is not None]

    def unknown(self, wishes: Iterable[Wish]) -> list[Wish]:
        """Those that were not acted on before."""
        return [wish for wish in wishes if wish.key not in self._done]

    def done(self, wish: Wish, now: float) -> None:
        """A wish was handed to the machine, which keeps it."""
        self._done.add(wish.key)
        self._diary.note("acted", now, key=wish.key, goal=wish.goal, proof=wish.proof, request=wish.id)

    def _wish(self, event: Event, series: Mapping[str, Series]) -> Wish | None:
        """The wish of an event; None when it asks for nothing or may not."""
        if event.verdict != "fired" or event.action == "notify":
            return None
        stop = event.action == "stop" and event.rule in self._may.stop
        if not stop and (not self._may.save or event.proof == "existing"):
            return None  # what must not save to be stopped must not save instead either
        existing = stop and event.proof == "existing"
        return Wish(
            id=safe_id(event.key),
            goal="stop" if stop else "save",
            proof="existing" if existing else "fresh",
            cause="resume" if event.kind in RESUMABLE else "rule",
            key=event.key,
            rule=event.rule,
            why=event.why,
            before=last_good(event, series) if existing else None,
            unsaved=stop and self._unsaved,
        )


def last_good(event: Event, series: Mapping[str, Series]) -> int | None:
    """The step up to which a checkpoint is from before the trouble; None when steps are not known.

    A run that hangs has done its steps. Any other trouble began somewhere between the first record that shows it and the record before,
    because a printed value speaks for all steps since the last one: what was saved in between may have it too.
    """
    if event.kind in RESUMABLE or event.step is None:
        return event.step
    first = min((e.step for e in event.evidence if e.step is not None), default=event.step)
    metric = series.get(event.evidence[0].name) if event.evidence else None
    printed = metric if metric is not None else series.get("loss")
    if printed is None or not len(printed):
        return first - 1
    index = printed.index_at(first)
    while index >= 0 and (index >= len(printed) or printed.step_at(index) >= first):
        index -= 1
    return round(printed.step_at(index)) if index >= 0 else 0
