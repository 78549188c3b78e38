"""A run as plain lines: one for each thing that happened, for pipes, screen readers and batch logs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

from trainwatch.model.snapshot import Best, Evaluation, Snapshot
from trainwatch.present.clean import clean
from trainwatch.present.numbers import number
from trainwatch.present.sentences import ENDED, best_sentence, event_sentence, place, state_of

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
        self._end = ""
        self._warned: set[str] | None = None

    def lines(self, snapshot: Snapshot) -> list[str]:
        """What happened since the last call, in words."""
        new = [line for _, line in sorted([*self._evaluated(snapshot), *self._raised(snapshot)], key=itemgetter(0))]
        if self._stops and snapshot.stop.text != self._stop:
            self._stop = snapshot.stop.text
            new.append(f"{_clock(snapshot.stop.since)} {clean(self._stop)}")
        new += [f"{_clock(snapshot.now)} note: {clean(caveat)}" for caveat in self._cautions(snapshot)]
        state = state_of(snapshot)
        if self._is_news(state):
            new.append(f"{_clock(snapshot.now)} {state}")
            self._end = state if state in ENDED else ""
        self._state = state
        return new

    def _evaluated(self, snapshot: Snapshot) -> Iterator[tuple[tuple[int, bool], str]]:
        """The new evaluations, each with the best one by then, and where they stand among the events."""
        first, self._evaluations = self._evaluations, len(snapshot.evaluations)
        for evaluation in () if self._terse else snapshot.evaluations[first:]:
            yield (evaluation.index, False), _evaluation(evaluation, _best_by(evaluation, snapshot))

    def _raised(self, snapshot: Snapshot) -> Iterator[tuple[tuple[int, bool], str]]:
        """The new events, and after which evaluation they were raised."""
        first, self._events = self._events, len(snapshot.events)
        for event in snapshot.events[first:]:
            after = -1 if event.eval_index is None else event.eval_index
            yield (after, True), f"{_clock(event.at)} {event_sentence(event)}"

    def _cautions(self, snapshot: Snapshot) -> list[str]:
        """What has come to be said of the output since the first call: each thing once, whatever figures go on changing behind its colon."""
        before, now = self._warned, {caveat.partition(":")[0]: caveat for caveat in snapshot.caveats}
        self._warned = (before or set()) | now.keys()
        return [] if before is None or self._terse else [caveat for thing, caveat in now.items() if thing not in before]

    def _is_news(self, state: str) -> bool:
        """Whether a state is to be told: another one than before, none that other lines tell better, and no end a second time.

        The log of a short job has ended before its supervisor has begun to look, and ends again when that says so.
        """
        if state in (self._state, self._end):
            return False
        if self._stops:
            return bool(self._state) or state not in ("starting", "running")
        return state not in PASSING


def _best_by(evaluation: Evaluation, snapshot: Snapshot) -> Best | None:
    """The best evaluation when this one was the newest."""
    best = snapshot.best
    if best is None or evaluation is snapshot.evaluations[-1]:
        return best
    known = [e for e in snapshot.evaluations[: evaluation.index + 1] if math.isfinite(e.value)]
    pick = (min if best.direction == "min" else max)(known, key=lambda e: e.value, default=None)
    return None if pick is None else replace(best, value=pick.value, step=pick.step, epoch=pick.epoch)


def _evaluation(evaluation: Evaluation, best: Best | None) -> str:
    """`12:41:03 step 9200 eval_loss 1.740 (best 1.445 @6200)`."""
    name = best.metric if best is not None else "eval_loss"
    at = place(evaluation.step, evaluation.epoch)
    record = "" if best is None else f" ({best_sentence(best)})"
    return f"{_clock(evaluation.at)} {'' if at.startswith('epoch') else 'step '}{at} {clean(name)} {number(evaluation.value)}{record}"


def _clock(at: float) -> str:
    """The time of day of a moment in Unix seconds; dashes when it is not known, as in a log that counts from a zero of its own."""
    return time.strftime("%H:%M:%S", time.localtime(at)) if at >= DATED else "--:--:--"
