"""Several runs beside each other; the first is the reference, and its curve what is expected of the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePath
from statistics import median

from trainwatch.model.facts import FactValue
from trainwatch.model.series import Series
from trainwatch.model.snapshot import Evaluation
from trainwatch.present.sentences import state_of
from trainwatch.report.compose import Report
from trainwatch.report.differences import differing
from trainwatch.report.words import alike, ended, integer

Curve = tuple[tuple[float, float], ...]
"""(step, value) by step."""

POINTS = 20
"""Rows of the overlay: evaluations of the reference, evenly chosen, the first and the last always."""

DRAWN = 200
"""Points of a curve at most: of evaluations an even choice, of train losses the medians of as many stretches."""

CLOSE = 0.02
"""A run that stays within this share of the reference is as expected."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run in figures. `best` is by the metric of the comparison; `worse` its distance to the best of the reference as a share.

    `expected` is what the reference had at the step of the `last` evaluation. None: not known.
    """

    name: str
    sources: tuple[str, ...]
    state: str
    step: int | None
    total_steps: int | None
    hours: float | None
    gpu_hours: float | None
    best: float | None
    best_step: int | None
    best_epoch: float | None
    last: float | None
    expected: float | None
    worse: float | None
    phases: tuple[str, ...]
    stop: str
    ended: str


@dataclass(frozen=True, slots=True)
class Point:
    """The metric of every run at one step of the reference; between two evaluations it is on the line through them. None: beyond."""

    step: float
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`config` holds what differs, a value per run; `silent` names the runs in which no metric was found.

    `worse_from` is, per run, the step from which on it stays worse than the first one expected; None: it does not, or nobody can tell.
    `counted` is what the curves of the metric are over: "step", or "evaluation" where no evaluation has a step.
    `beside` holds what else the best evaluation of each run printed, `curves` and `train_curves` the metric and the train loss of each.
    """

    metric: str
    direction: str
    counted: str
    runs: tuple[Run, ...]
    config: dict[str, tuple[FactValue | None, ...]]
    overlay: tuple[Point, ...]
    train_overlay: tuple[Point, ...]
    beside: dict[str, tuple[float | None, ...]]
    worse_from: tuple[float | None, ...]
    curves: tuple[Curve, ...]
    train_curves: tuple[Curve, ...]
    silent: tuple[str, ...]


def compare(reports: Sequence[Report]) -> Comparison:
    """The comparison of at least one run by the metric that decides in the first run that has one."""
    best = next((r.snapshot.best for r in reports if r.snapshot.best is not None), None)
    metric, direction = (best.metric, best.direction) if best is not None else ("", "min")
    names = _names(reports)
    found = [r.snapshot.facts for r in reports]
    curves = tuple(_curve(r, metric) for r in reports)
    train = tuple(_train(r) for r in reports)
    overlay = _overlay(curves)
    return Comparison(
        metric,
        direction,
        "step" if any(e.step is not None for r in reports for e in r.snapshot.evaluations) else "evaluation",
        _against(tuple(_run(r, name, metric, direction) for r, name in zip(reports, names, strict=True)), curves, direction),
        {name: tuple(facts[name].value if name in facts else None for facts in found) for name in differing(found)},
        overlay,
        _overlay(train),
        _beside([_best(r, metric, direction) for r in reports], metric),
        tuple(_worse_from(overlay, i, direction) for i in range(len(reports))),
        tuple(_thinned(curve) for curve in curves),
        train,
        tuple(name for r, name in zip(reports, names, strict=True) if not r.snapshot.records),
    )


def _names(reports: Sequence[Report]) -> list[str]:
    """A name for each run; where names are the same, what is different in their sources."""
    names = [r.snapshot.run.name for r in reports]
    if len(set(names)) == len(names):
        return names
    paths = [PurePath(r.snapshot.run.sources[0]).parts if r.snapshot.run.sources else (r.snapshot.run.name,) for r in reports]
    if len(set(paths)) == 1:
        return ["/".join(path) for path in paths]
    ahead, behind = alike(paths), alike([path[::-1] for path in paths])
    return ["/".join(path[ahead : len(path) - behind] or path) for path in paths]


def _run(report: Report, name: str, metric: str, direction: str) -> Run:
    """The figures of one run, without those that compare it."""
    snapshot, best = report.snapshot, _best(report, metric, direction)
    values = [v for e in snapshot.evaluations if (v := _value(e, report, metric)) is not None]
    stop = next((e for e in snapshot.events if e.verdict == "fired" and e.action == "stop"), None)
    value = _value(best, report, metric) if best is not None else None
    return Run(
        name,
        snapshot.run.sources,
        state_of(snapshot),
        snapshot.progress.step,
        snapshot.progress.total_steps,
        report.cost.hours,
        report.cost.gpu_hours,
        value,
        best.step if best is not None else None,
        best.epoch if best is not None else None,
        values[-1] if values else None,
        None,
        None,
        tuple(f"{p.phase} {integer(p.step_start)} to {integer(p.step_end)}" for p in snapshot.phases),
        f"{stop.rule} {stop.severity.word} at step {integer(stop.step)}" if stop is not None else "",
        ended(snapshot),
    )


def _against(runs: tuple[Run, ...], curves: Sequence[Curve], direction: str) -> tuple[Run, ...]:
    """The runs beside the first one."""
    expected = (_at(curves[0], curve[-1][0]) if curve else None for curve in curves)
    return tuple(replace(r, expected=e, worse=_worse(r.best, runs[0].best, direction)) for r, e in zip(runs, expected, strict=True))


def _worse(value: float | None, than: float | None, direction: str) -> float | None:
    """How much worse, as a share; negative is better."""
    if value is None or not than or not math.isfinite(value):
        return None
    return (value - than) / abs(than) * (1 if direction == "min" else -1)


def _value(evaluation: Evaluation, report: Report, metric: str) -> float | None:
    """The metric of an evaluation; None when it did not print it."""
    decides = report.snapshot.best is not None and report.snapshot.best.metric == metric
    return evaluation.value if decides else evaluation.values.get(metric)


def _best(report: Report, metric: str, direction: str) -> Evaluation | None:
    """The best evaluation of a run by the metric of the comparison, the first of equals."""
    found = [(v, e) for e in report.snapshot.evaluations if (v := _value(e, report, metric)) is not None and math.isfinite(v)]
    if not found:
        return None
    return (min if direction == "min" else max)(found, key=lambda pair: pair[0])[1]


def _curve(report: Report, metric: str) -> Curve:
    """The metric by step; where evaluations print none, counted from 1."""
    found = ((e.step, _value(e, report, metric)) for e in report.snapshot.evaluations)
    known = tuple((float(step), value) for step, value in found if step is not None and value is not None and math.isfinite(value))
    series = report.snapshot.series.get(metric)
    if known or series is None:
        return known
    return tuple((float(i), value) for i, value in enumerate(series.values, 1) if math.isfinite(value))


def _train(report: Report) -> Curve:
    """The train loss by step; of a long one the medians of stretches."""
    series = report.snapshot.series.get("loss") or Series()
    every = max(1, -(-len(series) // DRAWN))
    stretches = ((i, [v for v in series.values[i : i + every] if math.isfinite(v)]) for i in range(0, len(series), every))
    return tuple((series.step_at(min(i + every // 2, len(series) - 1)), median(values)) for i, values in stretches if values)


def _thinned(curve: Curve) -> Curve:
    """An even choice of a curve, the last point always."""
    every = max(1, -(-len(curve) // DRAWN))
    return tuple(point for i, point in enumerate(curve) if i % every == 0 or i == len(curve) - 1)


def _overlay(curves: Sequence[Curve]) -> tuple[Point, ...]:
    """Each run at steps of the first run that has any."""
    reference = next((curve for curve in curves if curve), ())
    every = max(1, -(-len(reference) // POINTS))
    steps = [s for i, (s, _) in enumerate(reference) if i % every == 0 or i == len(reference) - 1]
    return tuple(Point(step, tuple(_at(curve, step) for curve in curves)) for step in steps)


def _beside(best: Sequence[Evaluation | None], metric: str) -> dict[str, tuple[float | None, ...]]:
    """What else the best evaluations printed, by name: what at least two of them print."""
    names = dict.fromkeys(name for e in best if e is not None for name in e.values if name != metric)
    rows = {name: tuple(None if e is None else e.values.get(name) for e in best) for name in names}
    return {name: row for name, row in rows.items() if sum(value is not None for value in row) > 1}


def _worse_from(overlay: Sequence[Point], run: int, direction: str) -> float | None:
    """The first step of the last stretch in which a run is worse than the reference by more than `CLOSE`."""
    step = None
    for point in reversed([p for p in overlay if p.values[run] is not None]):
        worse = _worse(point.values[run], point.values[0], direction)
        if worse is None or worse <= CLOSE:
            break
        step = point.step
    return step


def _at(curve: Curve, step: float) -> float | None:
    """The value at a step, on the line through its neighbours; None beyond the ends."""
    for (a, low), (b, high) in pairwise(curve):
        if a <= step <= b and b > a:
            return low + (high - low) * (step - a) / (b - a)
    return next((value for at, value in curve if at == step), None)
