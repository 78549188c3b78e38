"""A comparison as a document: Markdown, a page, JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict

from trainwatch.present.numbers import UNKNOWN, number, percent
from trainwatch.present.numbers import step as step_text
from trainwatch.report.charts.figure import NARROW, WIDE
from trainwatch.report.charts.overlay import overlay
from trainwatch.report.compare import Comparison, Point
from trainwatch.report.html import page
from trainwatch.report.markdown import document
from trainwatch.report.parts import Code, Inline, Para, Part, Section, bullets, table
from trainwatch.report.strict import strict
from trainwatch.report.words import fact, hours, integer

TITLE = "Comparison"


def to_json(found: Comparison) -> str:
    """Strict JSON; what is not known is null."""
    return json.dumps(strict(asdict(found)), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_markdown(found: Comparison) -> str:
    """The comparison as Markdown."""
    return document(TITLE, "", _sections(found))


def to_html(found: Comparison) -> str:
    """The comparison as one page that needs nothing else, with the curves above each other."""
    pictures = [(kind, drawn) for kind, width in (("wide", WIDE), ("narrow", NARROW)) if (drawn := overlay(found, width))]
    return page(
        TITLE, [f"{found.runs[0].name}, and beside it {', '.join(run.name for run in found.runs[1:])}."], pictures, _sections(found)
    )


def _sections(found: Comparison) -> list[Section]:
    """Everything but the picture."""
    sections = (
        Section("Runs", tuple(_runs(found))),
        Section("Configuration that differs", tuple(_config(found))),
        Section(f"Overlay of {found.metric}", tuple(_evaluations(found))),
        Section("Overlay of the train loss", tuple(_points(found, found.train_overlay))),
        Section("At the best evaluations", tuple(_beside(found))),
        Section("Phases", tuple(table(("run", "phases"), [(r.name, "; ".join(r.phases)) for r in found.runs if r.phases]))),
        Section("How they ended", tuple(table(("run", "end"), [(r.name, r.ended) for r in found.runs]))),
    )
    return [s for s in sections if s.parts]


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
        "worse than the first",
        "last",
        "expected there",
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
            "" if r is found.runs[0] else percent(r.worse),
            number(r.last),
            "" if r is found.runs[0] else number(r.expected),
            r.stop,
        )
        for r in found.runs
    ]
    parts = table(titles, rows)
    expected = Para(f"What is expected is what {found.runs[0].name} had at the step of the last evaluation.")
    return [*parts, expected] if any(r.expected is not None for r in found.runs[1:]) else parts


def _config(found: Comparison) -> list[Part]:
    """A row a name."""
    rows = [(Code(name), *("-" if v is None else Code(fact(v)) for v in values)) for name, values in found.config.items()]
    if not rows:
        return [Para("None, as far as the logs tell.")]
    return table(("name", *(r.name for r in found.runs)), rows)


def _evaluations(found: Comparison) -> list[Part]:
    """The metric of the comparison, and which run stays behind the first."""
    told = [
        f"{run.name} stays worse than {found.runs[0].name} from {found.counted} {step_text(s)} on"
        for run, s in zip(found.runs, found.worse_from, strict=True)
        if s is not None
    ]
    return [*_points(found, found.overlay, found.counted), *bullets(told)]


def _points(found: Comparison, points: Sequence[Point], counted: str = "step") -> list[Part]:
    """A row a step, with the distance to the first run."""
    rows = [(step_text(point.step), *_beside_first(point.values)) for point in points]
    parts = table((counted, *(r.name for r in found.runs)), rows)
    between = Para("Between two values of a run its value is on the line through them; beyond its ends it is not known.")
    return [*parts, between] if parts else []


def _beside(found: Comparison) -> list[Part]:
    """What else was printed there."""
    rows: list[list[Inline]] = [[Code(name), *_beside_first(values)] for name, values in found.beside.items()]
    return table(("name", *(f"{r.name} at step {integer(r.best_step)}" for r in found.runs)), rows)


def _beside_first(values: Sequence[float | None]) -> list[str]:
    """Values, each but the first with its distance to it."""
    cells = [number(v) if v is not None else UNKNOWN for v in values]
    return [cells[0], *(f"{cell}{_signed(v, values[0])}" for cell, v in zip(cells[1:], values[1:], strict=True))]


def _signed(value: float | None, reference: float | None) -> str:
    """The distance to the reference, with its sign."""
    if value is None or not reference or not math.isfinite(value):
        return ""
    return f" ({(value - reference) / abs(reference) * 100:+.1f} %)"
