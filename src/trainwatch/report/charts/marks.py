"""What is laid over and under the curves: phases, epochs, the best evaluation, checkpoints, the stop."""

from __future__ import annotations

from collections.abc import Iterator

from trainwatch.present.numbers import number
from trainwatch.present.numbers import step as step_text
from trainwatch.present.scale import ticks
from trainwatch.report.charts.panel import LETTER, Panel
from trainwatch.report.charts.xml import element, text, title
from trainwatch.report.compose import Report

STRIP = 34
"""Pixels above the panel that the shades of the phases reach, for their names."""


def phases(report: Report, panel: Panel, bottom: float) -> Iterator[str]:
    """A shade for each phase from above the panel down to `bottom`, with its name where there is room."""
    top, last = panel.y - STRIP, report.snapshot.progress.step
    for span in report.snapshot.phases:
        left, right = panel.across(span.step_start or 0), panel.across(span.step_end if span.step_end is not None else last or 0)
        told = title(f"{span.phase}: {span.why}")
        yield element("rect", told, x=left, y=top, width=max(right - left, 0.0), height=bottom - top, class_=f"phase {span.phase}")
        if right - left >= LETTER * len(span.phase):
            yield text((left + right) / 2, top + 12, span.phase, class_="dim", text_anchor="middle")


def epochs(report: Report, panel: Panel, y: float) -> Iterator[str]:
    """An axis of epochs, where evaluations tell how steps and epochs go together."""
    known = [(e.step, e.epoch) for e in report.snapshot.evaluations if e.step and e.epoch]
    if not known:
        return
    step, epoch = known[-1]
    yield text(panel.x - 5, y, "epoch", class_="dim", text_anchor="end")
    whole = panel.end * epoch / step
    for value in ticks(0, whole, max(int(panel.width // 90), 2)):
        yield text(panel.across(value * step / epoch), y, number(value), class_="dim", text_anchor="middle")


def best(report: Report, panel: Panel, bottom: float) -> Iterator[str]:
    """The best evaluation: a ring, a line down, its value."""
    found = report.snapshot.best
    if found is None or found.step is None:
        return
    x, y = panel.across(found.step), panel.up(found.value)
    told = title(f"best {found.metric} {number(found.value)} at step {found.step}")
    yield element("line", x1=x, x2=x, y1=y, y2=bottom, class_="best-line")
    yield element("circle", told, cx=x, cy=y, r=6, class_="best")
    label = f"best {number(found.value)} @{step_text(found.step)}"
    right = x + 10 + LETTER * len(label) < panel.x + panel.width
    above = y - 8 if y - 20 > panel.y + 20 else y + 20
    yield text(x + (8 if right else -8), above, label, class_="strong", text_anchor="start" if right else "end")


def checkpoints(report: Report, panel: Panel) -> Iterator[str]:
    """A triangle on the step axis for each; hollow when it is torn."""
    y = panel.y + panel.height
    for checkpoint in report.disk:
        if checkpoint.step is None:
            continue
        x = panel.across(checkpoint.step)
        state = {True: "complete", False: "not complete", None: "named by the log"}[checkpoint.complete]
        told = title(f"checkpoint {checkpoint.path}: {state}, evaluation {number(checkpoint.value)}")
        shape = f"M{x:.1f} {y - 9:.1f}l5 9h-10Z"
        yield element("path", told, d=shape, class_="torn" if checkpoint.complete is False else "checkpoint")


def stop(report: Report, panel: Panel, bottom: float) -> Iterator[str]:
    """A line where the first rule asked for a stop, and whether the run was stopped for it."""
    snapshot = report.snapshot
    event = next((e for e in snapshot.events if e.verdict == "fired" and e.action == "stop" and e.step is not None), None)
    if event is None or event.step is None:
        return
    done = snapshot.state == "stopped" and snapshot.stop.rule == event.rule
    x = panel.across(event.step)
    yield element("line", title(event.why), x1=x, x2=x, y1=panel.y, y2=bottom, class_="stop")
    label = f"{event.rule} {event.severity.word}{', stopped' if done else ': stop'} @{step_text(event.step)}"
    right = x + 10 + LETTER * len(label) < panel.x + panel.width
    yield text(x + (5 if right else -5), panel.y + 14, label, class_="stop-text", text_anchor="start" if right else "end")
