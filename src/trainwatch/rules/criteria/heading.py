"""How a criterion about a metric stands, in words."""

from __future__ import annotations

import math

from trainwatch.model.criterion import CriterionState, CriterionStatus
from trainwatch.rules.criteria.criterion import GAP
from trainwatch.rules.criteria.projection import Projection, project
from trainwatch.rules.criteria.track import Axis, Mark, Track
from trainwatch.rules.figures import figure, place
from trainwatch.rules.forecast import LEAST
from trainwatch.rules.history import History


def unseen(track: Track, history: History) -> str:
    """Why no value counted."""
    fact = track.condition.fact
    if fact and history.plan.number(fact) is None:
        return f"{fact} is not known: --fact {fact}=NUMBER states it"
    return f"no {track.criterion.metric} has been printed" if track.criterion.metric != GAP else "no evaluation with a train loss before it"


def settled(track: Track, *, passed: bool) -> tuple[CriterionState, str, Mark] | None:
    """The final verdict with its reason and the value it rests on; None while it is open."""
    newest, when = track.newest, track.criterion.when
    if newest is None:
        return None
    if when == "reached" and track.kept is not None:
        return "met", _said(track, track.kept), track.kept
    if when == "always" and track.broken is not None:
        return "missed", _said(track, track.broken), track.broken
    if not passed:
        return None
    holds = math.isfinite(newest.value) and track.condition.holds(newest.value, newest.limit)
    met = holds if when == "at_end" else when == "always"
    return "met" if met else "missed", _said(track, newest), newest


def _said(track: Track, mark: Mark) -> str:
    """`eval_loss 48.2 at step 12000 is below 50`."""
    holds = math.isfinite(mark.value) and track.condition.holds(mark.value, mark.limit)
    value = f"{track.criterion.metric} {figure(mark.value)}{place(mark.step, mark.epoch)} is "
    return f"{value}{'' if holds else 'not '}{track.condition.words(mark.limit)}"


def heading(track: Track, newest: Mark, axis: Axis, deadline: float | None) -> CriterionStatus:
    """Where an open criterion is heading."""
    points = [(x, p.value) for p in track.points if (x := p.at(axis)) is not None]
    found = project(points, deadline, track.condition, newest.limit) if deadline is not None else None
    said = _said(track, newest)
    if found is None and track.criterion.when == "always":
        return status(track, "on course", said, newest, axis=axis, deadline=deadline, assumed="nothing is projected: it has held so far")
    if deadline is None:
        wanted = "total_steps" if track.criterion.by.unit == "end" else "steps_per_epoch"
        why = f"{said}; where the deadline lies is not known: --fact {wanted}=NUMBER states it"
        return status(track, "cannot be judged", why, newest, axis=axis)
    if found is None:
        why = f"{said}; {len(points)} of the {LEAST} values that a projection needs"
        return status(track, "cannot be judged", why, newest, axis=axis, deadline=deadline)
    holds = track.condition.holds(found.value, newest.limit)
    why = f"{said}; projected {figure(found.value)} {track.criterion.by.words()}"
    if found.reached_at is not None and track.criterion.when == "reached":
        why += f", {track.condition.words(newest.limit)} from about {axis} {figure(found.reached_at)}"
    return status(track, "on course" if holds else "off course", why, newest, axis=axis, deadline=deadline, found=found)


def status(
    track: Track,
    state: CriterionState,
    why: str,
    mark: Mark | None = None,
    *,
    axis: Axis,
    deadline: float | None = None,
    found: Projection | None = None,
    assumed: str = "",
) -> CriterionStatus:
    """A status with the value it rests on."""
    mark = mark or track.newest
    return CriterionStatus(
        track.criterion.name,
        track.criterion.target,
        state,
        why,
        value=mark.value if mark and math.isfinite(mark.value) else None,
        step=mark.step if mark else None,
        epoch=mark.epoch if mark else None,
        limit=mark.limit if mark else None,
        deadline=deadline,
        axis=axis,
        projected=found.value if found else None,
        reached_at=found.reached_at if found else None,
        assumption=found.assumption if found else assumed,
    )
