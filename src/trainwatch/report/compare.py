"""Several runs beside each other; the first is the reference."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from trainwatch.model.facts import FactValue
from trainwatch.model.snapshot import Evaluation
from trainwatch.present.numbers import UNKNOWN, number, percent
from trainwatch.report.compose import Report
from trainwatch.report.differences import differing
from trainwatch.report.markdown import document
from trainwatch.report.parts import Code, Inline, Para, Part, Section, bullets, table
from trainwatch.report.strict import strict
from trainwatch.report.words import ended, fact, hours, integer

POINTS = 20
"""Rows of the overlay: evaluations of the reference, evenly chosen, the first and the last always."""

CLOSE = 0.02
"""A run that stays within this share of the reference is as expected."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run in figures. `best` is by the metric of the comparison; `worse` its distance to the reference as a share, None: not known."""

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
    worse: float | None
    phases: tuple[str, ...]
    stop: str
    ended: str


@dataclass(frozen=True, slots=True)
class Point:
    """The metric of every run at one step of the reference; between two evaluations it is on the line through them. None: beyond."""

    step: int
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`config` holds what differs, a value per run; `silent` names the runs in which no metric was found.

    `worse_from` is, per run, the step from which on it stays worse than the first one expected; None: it does not, or nobody can tell.
    """

    metric: str
    direction: str
    runs: tuple[Run, ...]
    config: dict[str, tuple[FactValue | None, ...]]
    overlay: tuple[Point, ...]
    worse_from: tuple[int | None, ...]
    silent: tuple[str, ...]


def compare(reports: Sequence[Report]) -> Comparison:
    """The comparison of at least one run by the metric that decides in the first run that has one."""
    best = next((r.snapshot.best for r in reports if r.snapshot.best is not None), None)
    metric, direction = (best.metric, best.direction) if best is not None else ("", "min")
    names = _names(reports)
    reference = _best(reports[0], metric, direction)
    found = [r.snapshot.facts for r in reports]
    overlay = tuple(_overlay(reports, metric))
    return Comparison(
        metric,
        direction,
        tuple(_run(r, name, metric, direction, reference) for r, name in zip(reports, names, strict=True)),
        {name: tuple(facts[name].value if name in facts else None for facts in found) for name in differing(found)},
        overlay,
        tuple(_worse_from(overlay, i, direction) for i in range(len(reports))),
        tuple(name for r, name in zip(reports, names, strict=True) if not r.snapshot.records),
    )


def _names(reports: Sequence[Report]) -> list[str]:
    """A name for each run; the source where names are the same."""
    names = [r.snapshot.run.name for r in reports]
    return [n if names.count(n) == 1 else ", ".join(r.snapshot.run.sources) for n, r in zip(names, reports, strict=True)]


def _run(report: Report, name: str, metric: str, direction: str, reference: Evaluation | None) -> Run:
    """The figures of one run."""
    snapshot, best = report.snapshot, _best(report, metric, direction)
    values = [v for e in snapshot.evaluations if (v := _value(e, report, metric)) is not None]
    stop = next((e for e in snapshot.events if e.verdict == "fired" and e.action == "stop"), None)
    value = _value(best, report, metric) if best is not None else None
    return Run(
        name,
        snapshot.run.sources,
        snapshot.state,
        snapshot.progress.step,
        snapshot.progress.total_steps,
        report.cost.hours,
        report.cost.gpu_hours,
        value,
        best.step if best is not None else None,
        best.epoch if best is not None else None,
        values[-1] if values else None,
        _worse(value, _of(reference, metric), direction),
        tuple(f"{p.phase} {integer(p.step_start)} to {integer(p.step_end)}" for p in snapshot.phases),
        f"{stop.rule} {stop.severity.word} at step {integer(stop.step)}" if stop is not None else "",
        ended(snapshot),
    )


def _of(evaluation: Evaluation | None, metric: str) -> float | None:
    """The metric of the reference."""
    return None if evaluation is None else evaluation.values.get(metric, evaluation.value)


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


def _overlay(reports: Sequence[Report], metric: str) -> list[Point]:
    """Each run at evaluations of the first run that has any."""
    curves = [
        [(e.step, v) for e in r.snapshot.evaluations if e.step is not None and (v := _value(e, r, metric)) is not None] for r in reports
    ]
    reference = next((curve for curve in curves if curve), [])
    every = max(1, -(-len(reference) // POINTS))
    steps = [s for i, (s, _) in enumerate(reference) if i % every == 0 or i == len(reference) - 1]
    return [Point(step, tuple(_at(curve, step) for curve in curves)) for step in steps]


def _worse_from(overlay: Sequence[Point], run: int, direction: str) -> int | None:
    """The first step of the last stretch in which a run is worse than the reference by more than `CLOSE`."""
    step = None
    for point in reversed([p for p in overlay if p.values[run] is not None]):
        worse = _worse(point.values[run], point.values[0], direction)
        if worse is None or worse <= CLOSE:
            break
        step = point.step
    return step


def _at(curve: Sequence[tuple[int, float]], step: int) -> float | None:
    """The value at a step."""
    for (a, low), (b, high) in pairwise(curve):
        if a <= step <= b and b > a:
            return low + (high - low) * (step - a) / (b - a)
    return next((value for at, value in curve if at == step), None)


def to_json(found: Comparison) -> str:
    """Strict JSON; what is not known is null."""
    return json.dumps(strict(asdict(found)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(found: Comparison) -> str:
    """The comparison as a document."""
    sections = (
        Section("Runs", tuple(_runs(found))),
        Section("Configuration that differs", tuple(_config(found))),
        Section("Overlay", tuple(_points(found))),
        Section("Phases", tuple(table(("run", "phases"), [(r.name, "; ".join(r.phases)) for r in found.runs if r.phases]))),
        Section("How they ended", tuple(table(("run", "end"), [(r.name, r.ended) for r in found.runs]))),
    )
    return document("Comparison", "", [s for s in sections if s.parts])


def _runs(found: Comparison) -> list[Part]:
    """A row a run."""
    titles = (
        "run",
        "state",
        "steps",
        "hours",
        "GPU-hours",
        f"best {found.metric or 'evaluation'}",
        "at step",
        "last",
        "worse than the first",
        "first stop raised",
    )
    rows: list[tuple[Inline, ...]] = [
        (
            r.name,
            r.state,
            f"{integer(r.step)} of {integer(r.total_steps)}",
            hours(r.hours),
            hours(r.gpu_hours),
            number(r.best),
            integer(r.best_step),
            number(r.last),
            "" if r is found.runs[0] else percent(r.worse),
            r.stop,
        )
        for r in found.runs
    ]
    return table(titles, rows)


def _config(found: Comparison) -> list[Part]:
    """A row a name."""
    rows = [(Code(name), *("-" if v is None else Code(fact(v)) for v in values)) for name, values in found.config.items()]
    if not rows:
        return [Para("None, as far as the logs tell.")]
    return table(("name", *(r.name for r in found.runs)), rows)


def _points(found: Comparison) -> list[Part]:
    """A row a step, with the distance to the first run."""
    rows = []
    for point in found.overlay:
        reference = point.values[0]
        cells = [number(v) if v is not None else UNKNOWN for v in point.values]
        gaps = [_signed(v, reference) for v in point.values[1:]]
        rows.append((str(point.step), cells[0], *(f"{c}{g}" for c, g in zip(cells[1:], gaps, strict=True))))
    parts = table(("step", *(r.name for r in found.runs)), rows)
    if parts:
        parts.append(
            Para(
                f"{found.metric}; between two evaluations of a run the value is on the line through them, beyond its ends it is not known."
            )
        )
    told = [
        f"{run.name} stays worse than {found.runs[0].name} from step {s} on"
        for run, s in zip(found.runs, found.worse_from, strict=True)
        if s is not None
    ]
    return [*parts, *bullets(told)]


def _signed(value: float | None, reference: float | None) -> str:
    """The distance to the reference, with its sign."""
    if value is None or not reference or not math.isfinite(value):
        return ""
    return f" ({(value - reference) / abs(reference) * 100:+.1f} %)"
