"""Reading values off the picture without a script: whoever points at a stretch, or touches it, gets a line with its figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from trainwatch.model.snapshot import Evaluation, Snapshot
from trainwatch.present.numbers import number
from trainwatch.present.numbers import step as step_text
from trainwatch.report.charts.panel import Panel
from trainwatch.report.charts.xml import element, text, title
from trainwatch.report.compose import Report
from trainwatch.report.floor import shown
from trainwatch.report.sections.timeline import at
from trainwatch.report.stretch import phase_at

STRETCHES = 120
"""Stretches at most."""

Line = tuple[str, ...]


def readouts(report: Report, panel: Panel, top: float, bottom: float) -> Iterator[str]:
    """A transparent stretch for each evaluation, or for each of some records where there is none."""
    yield from stretches(_evaluations(report) or _records(report.snapshot), panel, top, bottom)


def stretches(found: Sequence[tuple[float, Line]], panel: Panel, top: float, bottom: float) -> Iterator[str]:
    """A transparent stretch around each step, down to `bottom`; its figures are shown at `top`."""
    steps = [step for step, _ in found]
    for i, (step, parts) in enumerate(found):
        left = panel.across((steps[i - 1] + step) / 2) if i else panel.x
        right = panel.across((steps[i + 1] + step) / 2) if i + 1 < len(steps) else panel.x + panel.width
        x = panel.across(step)
        inside = (
            element("rect", x=left, y=panel.y, width=max(right - left, 0.1), height=bottom - panel.y, class_="hit"),
            element("line", x1=x, x2=x, y1=panel.y, y2=bottom, class_="cursor"),
            *(text(panel.x, top + 15 * row, line, class_="readout") for row, line in enumerate(_wrapped(parts, panel.width))),
        )
        yield element("g", title(", ".join(parts)) + "".join(inside), class_="col")


def _wrapped(parts: Sequence[str], width: float) -> list[str]:
    """The figures in as many lines as the width asks for."""
    lines = [""]
    for part in parts:
        joined = f"{lines[-1]} \N{MIDDLE DOT} {part}" if lines[-1] else part
        if len(joined) * 6.9 > width and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = joined
    return lines[:3]


def _evaluations(report: Report) -> list[tuple[float, Line]]:
    """Evaluations with a step, evenly chosen."""
    known = [e for e in report.snapshot.evaluations if e.step is not None]
    every = max(1, -(-len(known) // STRETCHES))
    return [(float(e.step or 0), _figures(e, report.snapshot)) for e in known[::every]]


def _figures(evaluation: Evaluation, snapshot: Snapshot) -> Line:
    """What is known at an evaluation."""
    metric = snapshot.best.metric if snapshot.best is not None else "evaluation"
    parts = [f"step {step_text(evaluation.step)}"]
    if evaluation.epoch is not None:
        parts.append(f"epoch {number(evaluation.epoch)}")
    if evaluation.train_loss is not None:
        parts.append(f"train loss {shown(evaluation.train_loss, snapshot.series.get('loss'))}")
    parts.append(f"{metric} {number(evaluation.value)}")
    parts += _rates(snapshot, evaluation.step)
    phase = phase_at(snapshot, evaluation.step)
    return (*parts, phase) if phase else tuple(parts)


def _rates(snapshot: Snapshot, step: int | None) -> list[str]:
    """Learning rate and gradient at a step."""
    names = (("learning_rate", "lr"), ("grad_norm", "grad norm"))
    found = ((short, name, at(snapshot, name, step)) for name, short in names)
    return [
        f"{short} {number(value) if name == 'learning_rate' else shown(value, snapshot.series.get(name))}"
        for short, name, value in found
        if value is not None
    ]


def _records(snapshot: Snapshot) -> list[tuple[float, Line]]:
    """Train records, evenly chosen, where there is no evaluation."""
    series = snapshot.series.get("loss")
    if series is None or not len(series):
        return []
    chosen = range(0, len(series), max(1, -(-len(series) // STRETCHES)))
    return [
        (
            series.step_at(i),
            (
                f"step {step_text(series.step_at(i))}",
                f"train loss {shown(series.values[i], series)}",
                *_rates(snapshot, round(series.step_at(i))),
            ),
        )
        for i in chosen
        if math.isfinite(series.values[i])
    ]
