"""The run evaluation by evaluation, and phase by phase."""

from __future__ import annotations

from trainwatch.model.snapshot import Evaluation, PhaseSpan, Snapshot
from trainwatch.present.numbers import UNKNOWN, duration, number, percent
from trainwatch.report.compose import Report
from trainwatch.report.floor import shown
from trainwatch.report.parts import Para, Part, bullets, table
from trainwatch.report.stretch import Stretch, phase_at
from trainwatch.report.words import integer, position

ROWS = 40
"""Evaluations shown; of more, the first, the last, the best and an even choice."""


def timeline(report: Report) -> list[Part]:
    """One row an evaluation: its figures, the phase, what was raised at it. Without evaluations a row a train record."""
    snapshot = report.snapshot
    if not snapshot.evaluations:
        return [*_train_only(snapshot), *_notes(snapshot)]
    chosen = _chosen(snapshot)
    metric = snapshot.best.metric if snapshot.best else "value"
    titles = ("step", "epoch", "train loss", metric, "learning rate", "grad norm", "phase", "")
    parts = table(titles, [_row(e, report) for e in chosen])
    if len(chosen) < len(snapshot.evaluations):
        parts.append(Para(f"{len(chosen)} of {len(snapshot.evaluations)} evaluations are shown; the JSON report has all."))
    return [*parts, *_notes(snapshot)]


def _notes(snapshot: Snapshot) -> list[Part]:
    """What people said while it ran."""
    return bullets(f'Note of {n.who} at {position(n.step, n.epoch)}: "{n.text}". The rules start again there.' for n in snapshot.notes)


def _train_only(snapshot: Snapshot) -> list[Part]:
    """Train records of a run that was never evaluated, evenly chosen."""
    loss = snapshot.series.get("loss")
    if loss is None or not len(loss):
        return []
    every = -(-len(loss) // ROWS)
    rows = [i for i in range(len(loss)) if i % every == 0 or i == len(loss) - 1]
    steps = [(round(loss.step_at(i)), shown(loss.values[i], loss)) for i in rows]
    norm = snapshot.series.get("grad_norm")
    cells = [(str(s), v, number(at(snapshot, "learning_rate", s)), shown(at(snapshot, "grad_norm", s), norm)) for s, v in steps]
    parts = table(("step", "train loss", "learning rate", "grad norm"), cells)
    if len(rows) < len(loss):
        parts.append(Para(f"{len(rows)} of {len(loss):,} train records are shown."))
    return parts


def _chosen(snapshot: Snapshot) -> list[Evaluation]:
    """The rows of the table."""
    every = -(-len(snapshot.evaluations) // ROWS)
    last = len(snapshot.evaluations) - 1
    return [e for i, e in enumerate(snapshot.evaluations) if i % every == 0 or i == last or is_best(e, snapshot)]


def is_best(evaluation: Evaluation, snapshot: Snapshot) -> bool:
    """Whether this is the best evaluation."""
    best = snapshot.best
    return best is not None and (evaluation.step, evaluation.epoch, evaluation.value) == (best.step, best.epoch, best.value)


def _row(evaluation: Evaluation, report: Report) -> tuple[str, ...]:
    """One row of the table of evaluations."""
    snapshot = report.snapshot
    return (
        integer(evaluation.step),
        number(evaluation.epoch),
        shown(evaluation.train_loss, snapshot.series.get("loss")),
        number(evaluation.value),
        number(at(snapshot, "learning_rate", evaluation.step)),
        shown(at(snapshot, "grad_norm", evaluation.step), snapshot.series.get("grad_norm")),
        phase_at(snapshot, evaluation.step),
        ", ".join(_remarks(evaluation, report)),
    )


def _remarks(evaluation: Evaluation, report: Report) -> list[str]:
    """What is to be said of an evaluation: the best, saved, what was raised."""
    out = ["best"] if is_best(evaluation, report.snapshot) else []
    if evaluation.step is not None and any(c.step == evaluation.step and c.complete is not False for c in report.disk):
        out.append("checkpoint")
    raised = [e for e in report.snapshot.events if e.eval_index == evaluation.index and e.step == evaluation.step]
    return out + [f"{e.rule} {e.severity.word}" + (" withdrawn" if e.verdict == "withdrawn" else "") for e in raised]


def at(snapshot: Snapshot, name: str, step: int | None) -> float | None:
    """The newest value of a metric at or before a step; None when there is none."""
    series = snapshot.series.get(name)
    if series is None or step is None:
        return None
    index = series.index_at(step + 0.5) - 1
    return series.values[index] if index >= 0 else None


def phases(report: Report) -> list[Part]:
    """A row a phase with its figures, then why each is called so."""
    rows = [_phase(stretch, report.snapshot) for stretch in report.stretches]
    metric = report.snapshot.best.metric if report.snapshot.best else "evaluation"
    titles = ("phase", "steps", "epochs", "time", "share", "train loss", metric, "learning rate", "grad norm")
    parts = table(titles, rows) + bullets(_why(stretch) for stretch in report.stretches)
    if parts and any(s.hours is not None for s in report.stretches):
        parts.append(Para("Times are at an even pace over steps, so they add up to the whole run."))
    return parts


def _phase(stretch: Stretch, snapshot: Snapshot) -> tuple[str, ...]:
    """One row of the table of phases."""
    span, loss, norm = stretch.span, snapshot.series.get("loss"), snapshot.series.get("grad_norm")
    return (
        span.phase,
        f"{integer(span.step_start)} to {integer(span.step_end if span.step_end is not None else snapshot.progress.step)}",
        _epochs(span, snapshot),
        duration(None if stretch.hours is None else stretch.hours * 3600),
        percent(stretch.share),
        UNKNOWN if stretch.train is None else f"{shown(stretch.train[0], loss)} to {shown(stretch.train[1], loss)}",
        UNKNOWN if stretch.value is None else f"{number(stretch.value[0])} to {number(stretch.value[1])}",
        UNKNOWN if stretch.rate is None else f"{number(stretch.rate[0])} to {number(stretch.rate[1])}",
        UNKNOWN if stretch.gradient is None else f"{shown(stretch.gradient[0], norm)} to {shown(stretch.gradient[1], norm)}",
    )


def _epochs(span: PhaseSpan, snapshot: Snapshot) -> str:
    """The epochs of a phase, as far as the log prints epochs at all."""
    end = span.epoch_end if span.epoch_end is not None or span.step_end is not None else snapshot.progress.epoch
    return UNKNOWN if end is None else f"{number(span.epoch_start)} to {number(end)}"


def _why(stretch: Stretch) -> str:
    """Why a phase is called so, and what the metric that decides did in it."""
    return f"{stretch.span.phase} from step {integer(stretch.span.step_start)}: {stretch.span.why}"
