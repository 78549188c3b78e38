"""A run as plain lines: one for each thing that happened, for pipes, screen readers and batch logs."""

from __future__ import annotations

import time

from trainwatch.model.snapshot import Evaluation, Snapshot
from trainwatch.present.clean import clean
from trainwatch.present.numbers import number
from trainwatch.present.numbers import step as step_text
from trainwatch.present.sentences import event_sentence, state_of

PASSING = frozenset({"starting", "running", "saving", "stopping", "stopped"})
"""States that the journal tells better."""


DATED = 1e8
"""Unix seconds (1973) before which a time was counted from some other zero."""


class Plain:
    """Turns snapshots into the lines that are new.

    `terse` leaves evaluations out: a batch log holds them already. `stops` is off where the journal itself is told.
    """

    def __init__(self, *, terse: bool = False, stops: bool = True) -> None:
        self._terse = terse
        self._stops = stops
        self._evaluations = 0
        self._events = 0
        self._stop = ""
        self._state = ""

    def lines(self, snapshot: Snapshot) -> list[str]:
        """What happened since the last call, in words."""
        new = [] if self._terse else [_evaluation(e, snapshot) for e in snapshot.evaluations[self._evaluations :]]
        self._evaluations = len(snapshot.evaluations)
        new += [f"{_clock(event.at)} {event_sentence(event)}" for event in snapshot.events[self._events :]]
        self._events = len(snapshot.events)
        if self._stops and snapshot.stop.text != self._stop:
            self._stop = snapshot.stop.text
            new.append(f"{_clock(snapshot.stop.since)} {clean(self._stop)}")
        state = state_of(snapshot)
        if self._is_news(state):
            new.append(f"{_clock(snapshot.now)} {state}")
        self._state = state
        return new

    def _is_news(self, state: str) -> bool:
        """Whether a state is to be told: another one than before, and none that other lines tell better."""
        if state == self._state:
            return False
        if self._stops:
            return bool(self._state) or state not in ("starting", "running")
        return state not in PASSING


def _evaluation(evaluation: Evaluation, snapshot: Snapshot) -> str:
    """`12:41:03 step 9200 eval_loss 1.740 (best 1.445 @6200)`."""
    best = snapshot.best
    name = best.metric if best is not None else "eval_loss"
    at = "step ?" if evaluation.step is None else f"step {step_text(evaluation.step)}"
    record = "" if best is None or best.step is None else f" (best {number(best.value)} @{step_text(best.step)})"
    return f"{_clock(evaluation.at)} {at} {clean(name)} {number(evaluation.value)}{record}"


def _clock(at: float) -> str:
    """The time of day of a moment in Unix seconds; dashes when it is not known, as in a log that counts from a zero of its own."""
    return time.strftime("%H:%M:%S", time.localtime(at)) if at >= DATED else "--:--:--"
