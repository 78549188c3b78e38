"""The success criteria of a rules file over one run: met, missed, or where they are heading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trainwatch.model.block import Block
from trainwatch.model.criterion import CriterionState, CriterionStatus
from trainwatch.model.verdict import Event, Outcome
from trainwatch.rules.criteria.criterion import GAP, Criterion, Deadline
from trainwatch.rules.criteria.heading import heading, settled, status, unseen
from trainwatch.rules.criteria.track import Track, deadline_of
from trainwatch.rules.figures import place
from trainwatch.rules.history import History


class Checklist:
    """All criteria of a preset."""

    def __init__(self, criteria: Iterable[Criterion], history: History) -> None:
        self._criteria = tuple(criteria)
        self._history = history
        self._tracks = {c.name: Track(c, c.condition) for c in self._criteria if c.condition is not None}

    def observe(self, block: Block) -> None:
        """Take in train, info or eval records, after the history has."""
        for track in self._tracks.values():
            name = track.criterion.metric
            if name in block.columns:
                for row, value in enumerate(block.columns[name]):
                    self._add(track, block, row, value)
            elif name == GAP and block.kind == "eval":
                gap = _gap(self._history)
                if gap is not None:
                    self._add(track, block, 0, gap)

    def _add(self, track: Track, block: Block, row: int, value: float) -> None:
        """One value, unless the deadline lies before it."""
        step, epoch = block.step(row), block.epoch(row)
        axis, deadline = deadline_of(track.criterion.by, self._history, epoch)
        x = step if axis == "step" else epoch
        if track.criterion.by.unit != "end" and deadline is not None and x is not None and x > deadline:
            return
        self._history.plan.move(block, row)
        limit = track.condition.limit(self._history.plan)
        if limit is not None:
            track.add(value, step, epoch, limit)

    def go_back(self, step: float, *, anew: bool) -> None:
        """Steps go back with the next records."""
        for track in self._tracks.values():
            track.forget() if anew else track.go_back(step)

    def begin_again(self) -> None:
        """From here on the run is another one: what came before promises nothing."""
        for track in self._tracks.values():
            track.points.clear()

    def statuses(self, fired: Mapping[str, Event], outcomes: Mapping[str, Outcome], *, over: bool) -> tuple[CriterionStatus, ...]:
        """Every criterion, in the order of the file. `fired` holds the first event of each rule, `outcomes` what each says now."""
        return tuple(
            self._of_rule(c, fired.get(c.rule), outcomes.get(c.rule, "blind"), over=over)
            if c.condition is None
            else self._of_metric(self._tracks[c.name], over=over)
            for c in self._criteria
        )

    def _position(self) -> tuple[int | None, float | None]:
        """Step and epoch of the newest record."""
        newest = self._history.newest
        return (newest.step(len(newest) - 1), newest.epoch(len(newest) - 1)) if newest is not None else (None, None)

    def _passed(self, by: Deadline, *, over: bool) -> bool:
        """Whether the deadline lies behind."""
        step, epoch = self._position()
        axis, deadline = deadline_of(by, self._history, epoch)
        x = step if axis == "step" else epoch
        return over or (by.unit != "end" and deadline is not None and x is not None and x > deadline)

    # --- a rule that must not fire ------------------------------------------------------------------------------------------

    def _of_rule(self, criterion: Criterion, event: Event | None, outcome: Outcome, *, over: bool) -> CriterionStatus:
        step, epoch = self._position()
        if event is not None and not self._late(criterion.by, event):
            why = f"{event.severity.word}{place(event.step, event.epoch)}: {event.why}"
            return CriterionStatus(criterion.name, criterion.target, "missed", why, step=event.step, epoch=event.epoch)
        if outcome == "blind":
            return CriterionStatus(criterion.name, criterion.target, "cannot be judged", f"{criterion.rule} is blind")
        state: CriterionState = "met" if self._passed(criterion.by, over=over) else "on course"
        why = f"{criterion.rule} has not fired" + ("" if state == "met" else f" so far{place(step, epoch)}")
        assumed = "" if state == "met" else "nothing is projected: it has held so far"
        return CriterionStatus(criterion.name, criterion.target, state, why, step=step, epoch=epoch, assumption=assumed)

    def _late(self, by: Deadline, event: Event) -> bool:
        """Whether an event came after the deadline."""
        axis, deadline = deadline_of(by, self._history, event.epoch)
        x = event.step if axis == "step" else event.epoch
        return by.unit != "end" and deadline is not None and x is not None and x > deadline

    # --- a metric -----------------------------------------------------------------------------------------------------------

    def _of_metric(self, track: Track, *, over: bool) -> CriterionStatus:
        axis, deadline = deadline_of(track.criterion.by, self._history, self._position()[1])
        newest = track.newest
        if newest is None:
            return status(track, "cannot be judged", unseen(track, self._history), axis=axis, deadline=deadline)
        found = settled(track, passed=self._passed(track.criterion.by, over=over))
        if found is not None:
            return status(track, *found, axis=axis, deadline=deadline)
        return heading(track, newest, axis, deadline)


def _gap(history: History) -> float | None:
    """The newest evaluation over the train loss before it; None where one is missing, or where the metric is no loss."""
    newest = history.evaluations[-1] if history.evaluations else None
    if newest is None or not newest.train_loss or newest.train_loss < 0 or history.direction != "min":
        return None
    return newest.value / newest.train_loss
