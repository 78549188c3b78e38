"""Learning rate, gradient and the parts of the loss."""

from __future__ import annotations

from trainwatch.model.schedule import FittedSchedule
from trainwatch.present.numbers import number, percent
from trainwatch.report import components as parts_of_loss
from trainwatch.report.compose import Report
from trainwatch.report.floor import shown
from trainwatch.report.parts import Code, Inline, Part, bullets, table
from trainwatch.report.words import fact, integer, plural


def learning_rate(report: Report) -> list[Part]:
    """Configured, printed, and what the difference allows to say."""
    lr = report.lr
    items: list[Inline] = []
    if lr.configured:
        pairs = [part for k, v in lr.configured.items() for part in (", ", Code(f"{k}={fact(v)}"))]
        items.append(("Configured: ", *pairs[1:]))
    if lr.peak is not None:
        items.append(f"Printed: first {number(lr.first)}, highest {number(lr.peak)} at step {lr.peak_step}, last {number(lr.last)}.")
    if lr.fitted is not None:
        items.append(_follows(lr.fitted))
    if lr.peak == 0:
        items.append(
            "Every printed learning rate is 0. Decimals such as 0.0000 may be rounded; a rate printed with an exponent, such as 0.00e+00, "
            "cannot be: it is 0, or it is not the optimizer's. That the loss moves does not tell which."
        )
    if lr.warmup_unexpected:
        items.append(f"The printed rate rises until step {lr.peak_step}, although the configuration says no warm-up.")
    if lr.mismatch:
        items.append("The printed schedule is not the configured one. What the configured one would have done to the loss was not tried.")
    return bullets(items)


def _follows(fitted: FittedSchedule) -> str:
    """The schedule of the printed rates, and how far it is known."""
    exact = "to the last printed digit" if fitted.exact else f"within {number(fitted.max_error)}"
    if fitted.identified:
        return f"Printed rates follow {fitted.text}, {exact}, over {plural(fitted.points, 'record')}."
    return f"{plural(fitted.points, 'record')} cannot tell which schedule the printed rates follow; one that fits, {exact}: {fitted.text}."


def gradient(report: Report) -> list[Part]:
    """The norm over the run, with what it is compared to."""
    found, series = report.gradient, report.snapshot.series.get("grad_norm")
    if found is None:
        return []
    figures = ((found.first, found.first_step), (found.highest, found.highest_step), (found.last, found.last_step))
    first, highest, last = (f"{shown(value, series)} at step {step}" for value, step in figures)
    items: list[Inline] = [f"Printed: first {first}, highest {highest}, last {last}."]
    if found.healthy is not None:
        items.append(f"Median from the first evaluation to the best one: {number(found.healthy)}.")
    if found.ratio is not None and found.ratio >= 10:
        items.append(f"The last printed norm is {found.ratio:.0f} times smaller than that median; it is not 0.")
    if found.nonfinite:
        items.append(f"Not finite in {plural(found.nonfinite, 'record')}.")
    return bullets(items)


def components(report: Report) -> list[Part]:
    """Each part beside its weight, the two sums, and what the total says about them."""
    found = report.components
    if found is None:
        return []
    rows = [(Code(p.name), number(p.value), percent(p.share), number(p.weight), number(p.weighted)) for p in found.parts]
    weighted = number(found.weighted)
    rows.append((Code("sum"), number(found.raw), percent(found.raw / found.total), "", weighted))
    rows.append((Code("printed total"), number(found.total), percent(1.0), "", ""))
    titles = ("part", f"value at step {integer(found.step)}", "share of the printed total", "weight", "weight x value")
    return [*table(titles, rows), *bullets(_sums(found))]


def _sums(found: parts_of_loss.Components) -> list[str]:
    """What the sums say, as far as they say anything."""
    lines = []
    if found.explains:
        lines.append(f"The printed total is the {found.explains} sum of the parts.")
    elif found.rest is not None and found.rest > 0:
        lines.append(f"{percent(found.rest)} of the printed total is in no printed part.")
    if any(part.weight is not None for part in found.parts):
        lines.append("A weight is a factor, not a share: a share other than the weight is no mistake by itself.")
    if found.train_near:
        lines.append(
            f"The train loss {number(found.train)} is near {found.train_near}, and far below the total of the evaluation: the two may be "
            "different sums, and their distance is then no overfitting. This is consistent with the figures, not proven by them."
        )
    return lines
