"""What the run cost, what came after its best, what stopping earlier would have saved."""

from __future__ import annotations

from trainwatch.present.numbers import UNKNOWN, duration, number, percent
from trainwatch.report.compose import Report
from trainwatch.report.parts import Para, Part, table
from trainwatch.report.words import hours, integer, plural, position


def cost(report: Report) -> list[Part]:
    """Hours and GPU-hours, the waste in hindsight, then a row for each level a stopping rule reached."""
    spent = report.cost
    parts: list[Part] = [Para(f"{_price(spent.hours, spent.gpu_hours)}: {spent.assumption}.")]
    parts += _waste(report)
    rows = [
        (
            c.rule,
            c.severity,
            integer(c.step),
            hours(c.saved_hours),
            hours(c.saved_gpu_hours),
            percent(c.share),
            number(c.best_seen),
            "none" if c.best_on_disk is None and report.disk else number(c.best_on_disk),
            number(c.value_at_stop),
        )
        for c in report.counterfactuals
    ]
    titles = ("rule", "level", "step", "hours saved", "GPU-hours saved", "share", "best seen", "best on disk", "value at the stop")
    parts += table(titles, rows)
    if rows:
        parts.append(Para(f"Assumed: {report.counterfactuals[0].assumption}."))
    return [*parts, *_patience(report)]


def _patience(report: Report) -> list[Part]:
    """Plain early stopping beside the rules."""
    rows = [
        (
            str(p.patience),
            "would not have ended it" if p.best is None else position(p.step, p.epoch),
            UNKNOWN if p.best is None else number(p.best),
            UNKNOWN if p.best is None else percent(p.behind),
            percent(p.saved),
        )
        for p in report.patience
    ]
    parts = table(
        ("patience", "early stopping would have ended it at", "best by then", "worse than the best of the run", "steps saved"), rows
    )
    return [*parts, Para("Patience counts evaluations in a row without any improvement.")] if parts else []


def _price(hour: float | None, gpu_hours: float | None) -> str:
    """Wall clock and devices, as far as they are known."""
    if hour is None:
        return "Not known"
    return duration(hour * 3600) + (f", {hours(gpu_hours)} GPU-hours" if gpu_hours is not None else "")


def _waste(report: Report) -> list[Part]:
    """What came after the best evaluation: known in hindsight only."""
    waste = report.waste
    if waste is None:
        return []
    price = f": {hours(waste.hours)} hours" if waste.hours is not None else ""
    price += f", {hours(waste.gpu_hours)} GPU-hours" if waste.gpu_hours is not None else ""
    return [
        Para(
            f"In hindsight: {plural(waste.steps, 'step')} ({percent(waste.share)}) came after the best evaluation{price}. "
            "No rule could have known at that evaluation that it was the best."
        )
    ]
