"""The run in five sentences."""

from __future__ import annotations

import math
import re

from trainwatch.model.snapshot import PhaseSpan, Snapshot
from trainwatch.model.verdict import Event
from trainwatch.present.numbers import duration, number
from trainwatch.report.compose import Report
from trainwatch.report.disk import is_best_saved
from trainwatch.report.floor import shown
from trainwatch.report.words import MANY, ended, hours, plural, position

_PHASES = {
    "warm-up": "warming up",
    "healthy": "healthy",
    "divergence": "diverging",
    "severe": "overfitting severely",
    "memorised": "memorising",
    "dead": "dead",
    "unstable": "unstable",
    "plateau": "flat",
    "unsure": "not to be judged",
    "improving": "improving",
    "flat": "flat",
    "collapsing": "collapsing",
}


def sentences(report: Report) -> tuple[str, ...]:
    """Five sentences: what ran, how it went, what was best, what was raised, how it ended."""
    return (_ran(report), _went(report), _best(report), _raised(report), ended(report.snapshot))


def _ran(report: Report) -> str:
    """How far, how long, on what."""
    snapshot, spent = report.snapshot, report.cost
    progress = snapshot.progress
    if not snapshot.records and not progress.step:
        return f"{snapshot.run.name} holds no record of training."
    if progress.step is None and progress.epoch is not None:
        far = f"came to epoch {progress.epoch:.4g}" + (f" of {progress.total_epochs:.4g}" if progress.total_epochs else "")
    elif progress.step is None:
        far = f"printed {plural(snapshot.records, 'record')}"
    elif progress.total_steps:
        far = f"came to step {progress.step:,} of {progress.total_steps:,}"
    else:
        far = f"came to step {progress.step:,}"
    time = f" in {duration(spent.hours * 3600)}" if spent.hours is not None else ""
    attempts = f" in {len(snapshot.attempts)} attempts" if len(snapshot.attempts) > 1 else ""
    price = f" on {plural(spent.gpus, 'device')}: {hours(spent.gpu_hours)} GPU-hours" if spent.gpus and spent.gpu_hours is not None else ""
    return f"{snapshot.run.name} {far}{attempts}{time}{price}."


def _went(report: Report) -> str:
    """The phases in a row."""
    phases, count = report.snapshot.phases, len(report.snapshot.evaluations)
    if not phases or (not count and all(span.phase in ("warm-up", "unsure") for span in phases)):
        return f"It has no evaluation to tell its phases by{_fell(report.snapshot)}."
    if count == 1 and phases[-1].phase not in ("improving", "flat", "collapsing"):
        return "One evaluation does not tell how it went."
    told = phases if len(phases) <= MANY else phases[-1:]
    before = f"changed its phase {len(phases) - 1} times, and at last was" if len(phases) > MANY else "was"
    return f"It {before} {', then '.join(map(_phase, told))}{_never_better(report)}."


def _fell(snapshot: Snapshot) -> str:
    """What the train loss did, where nothing else tells."""
    loss = snapshot.series.get("loss")
    known = [v for v in loss.values if math.isfinite(v)] if loss is not None else []
    return f"; its train loss went from {shown(known[0], loss)} to {shown(known[-1], loss)}" if len(known) > 1 else ""


def _never_better(report: Report) -> str:
    """That the run only lost from its first evaluation on."""
    best, first = report.snapshot.best, report.snapshot.evaluations[0] if report.snapshot.evaluations else None
    return (
        "; no evaluation was better than the first one" if best and first and (best.step, best.value) == (first.step, first.value) else ""
    )


def _phase(span: PhaseSpan) -> str:
    """A phase and where it ended; the last one of a run may not say where."""
    if span.epoch_end is not None:
        return f"{_PHASES[span.phase]} until epoch {span.epoch_end:.4g}"
    return f"{_PHASES[span.phase]} until step {span.step_end}" if span.step_end is not None else f"{_PHASES[span.phase]} to the end"


def _best(report: Report) -> str:
    """The best evaluation against the disk."""
    best = report.snapshot.best
    if best is None:
        return "There is no best evaluation."
    is_saved = is_best_saved(report.disk, best)
    if is_saved:
        saved = next(c for c in report.disk if c.step == best.step and c.complete is not False)
        kept = f"saved as {saved.path}" + ("" if saved.complete else ", says the log")
    elif is_saved is None and report.disk:
        kept = "whether it was saved is not known"
    else:
        kept = "not saved" if report.disk else "no checkpoint is known"
    return f"The best {best.metric} was {number(best.value)} at {position(best.step, best.epoch)}: {kept}."


def _raised(report: Report) -> str:
    """The ladder of the rule that would have stopped the run, else how many events there were."""
    fired = [e for e in report.snapshot.events if e.verdict == "fired"]
    if not fired:
        return _quiet(report)
    stop = next((e for e in fired if e.action == "stop"), None)
    if stop is None:
        worst = max(fired, key=lambda e: e.severity)
        which = f"The worst of {plural(len(fired), 'event')}" if len(fired) > 1 else "The only event"
        return f"{which} was {_told(worst)}"
    at = f"{stop.rule} was {stop.severity.word} at {position(stop.step, stop.epoch)}"
    if report.snapshot.state == "stopped" and report.snapshot.stop.rule == stop.rule:
        return f"{at}, and trainwatch stopped the run for it."
    gain = next(c for c in report.counterfactuals if (c.rule, c.severity) == (stop.rule, stop.severity.word))
    if gain.saved_gpu_hours is not None:
        saved = f"stopping there would have saved {hours(gain.saved_gpu_hours)} GPU-hours"
    elif gain.saved_hours is not None:
        saved = f"stopping there would have saved {duration(gain.saved_hours * 3600)}"
    else:
        saved = "what stopping there would have saved is not known"
    return f"{at}: {saved}."


def _quiet(report: Report) -> str:
    """No rule of the run's own preset fired: how many could not look, and what another rule sees."""
    blind = sum(1 for status in report.snapshot.rules if status.verdict.outcome == "blind")
    text = "No rule of the preset fired" + (f", and {plural(blind, 'rule')} could not look" if blind else "")
    return f"{text}." if report.loudest is None else f"{text}; outside the preset the loudest was {_told(report.loudest)}"


def _told(event: Event) -> str:
    """An event with the first of its sentences, which may say itself where it was."""
    why = event.why.partition(". ")[0].rstrip(".")
    where = "" if re.search(rf"\bat (step {event.step}|epoch {event.epoch})\b", why) else f", at {position(event.step, event.epoch)}"
    return f"{event.rule}, {event.severity.word}{where}: {why}."
