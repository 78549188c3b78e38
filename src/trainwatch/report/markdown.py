"""The report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from trainwatch.model.snapshot import Evaluation, Snapshot
from trainwatch.model.verdict import Event, Evidence
from trainwatch.present.numbers import UNKNOWN, duration, number, percent
from trainwatch.report.compose import Report
from trainwatch.report.summary import sentences
from trainwatch.report.tables import bullet, code, plain, table
from trainwatch.report.words import ended, hours, place, plural

ROWS = 40
"""Evaluations shown; of more, the first, the last, the best and an even choice."""


def to_markdown(report: Report) -> str:
    """One document, ending in a newline."""
    parts = [f"# {plain(report.snapshot.run.name)}", " ".join(plain(s) for s in sentences(report))]
    for title, lines in _sections(report):
        body = "\n".join(lines)
        if body:
            parts += [f"## {title}", body]
    return "\n\n".join(parts) + "\n"


def _sections(report: Report) -> Iterator[tuple[str, list[str]]]:
    """Title and lines of every section; one without lines is left out."""
    snapshot = report.snapshot
    yield "Run", _run(snapshot)
    yield "Configuration found", _config(snapshot)
    yield "Evaluations", _evaluations(snapshot)
    yield "Phases", _phases(snapshot)
    yield "Events, in the order raised", _events(snapshot)
    yield "Findings", [bullet(f.text) for f in report.findings]
    yield "Best evaluation and checkpoints", _checkpoints(report)
    yield "Learning rate", _lr(report)
    yield "Cost, and what stopping earlier would have saved", _cost(report)
    yield "What ended the run", _end(snapshot)
    yield "Not judged", [bullet(f"{r.rule}: {r.verdict.why or 'needs ' + r.needs}") for r in report.blind]
    yield "Caveats", [bullet(c) for c in report.caveats]


def _run(snapshot: Snapshot) -> list[str]:
    """Where the figures come from."""
    run = snapshot.run
    lines = [bullet(f"Sources: {', '.join(run.sources)}")]
    if run.command:
        lines.append(f"- Command: {code(' '.join(run.command))}")
    if run.job_id:
        lines.append(bullet(f"Job: {run.job_id}"))
    formats = f", read as {', '.join(snapshot.formats)}" if snapshot.formats else ""
    lines.append(bullet(f"{plural(snapshot.records, 'record')}{formats}"))
    return lines


def _config(snapshot: Snapshot) -> list[str]:
    """Every fact and where it stands."""
    rows = [(code(n), code(_fact(f.value)), plain(place(f.origin, f.line))) for n, f in snapshot.facts.items()]
    return table(("name", "value", "found in"), rows)


def _fact(value: object) -> str:
    """A configuration value as people write it: counts without a fraction."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _evaluations(snapshot: Snapshot) -> list[str]:
    """One row an evaluation, the best one marked."""
    if not snapshot.evaluations:
        return []
    chosen = _chosen(snapshot)
    metric = snapshot.best.metric if snapshot.best else "value"
    lines = table(("step", "epoch", "train loss", plain(metric), "learning rate", "grad norm", ""), [_row(e, snapshot) for e in chosen])
    if len(chosen) < len(snapshot.evaluations):
        lines += ["", f"{len(chosen)} of {len(snapshot.evaluations)} evaluations are shown; the JSON report has all."]
    return lines


def _chosen(snapshot: Snapshot) -> list[Evaluation]:
    """The rows of the table."""
    every = -(-len(snapshot.evaluations) // ROWS)
    last = len(snapshot.evaluations) - 1
    return [e for i, e in enumerate(snapshot.evaluations) if i % every == 0 or i == last or _is_best(e, snapshot)]


def _is_best(evaluation: Evaluation, snapshot: Snapshot) -> bool:
    """Whether this is the best evaluation."""
    best = snapshot.best
    return best is not None and (evaluation.step, evaluation.epoch, evaluation.value) == (best.step, best.epoch, best.value)


def _row(evaluation: Evaluation, snapshot: Snapshot) -> tuple[str, ...]:
    """One row of the table of evaluations."""
    return (
        _int(evaluation.step),
        number(evaluation.epoch),
        number(evaluation.train_loss),
        number(evaluation.value),
        number(_at(snapshot, "learning_rate", evaluation.step)),
        number(_at(snapshot, "grad_norm", evaluation.step)),
        "best" if _is_best(evaluation, snapshot) else "",
    )


def _at(snapshot: Snapshot, name: str, step: int | None) -> float | None:
    """The newest value of a metric at or before a step; None when there is none."""
    series = snapshot.series.get(name)
    if series is None or step is None:
        return None
    index = series.index_at(step + 0.5) - 1
    return series.values[index] if index >= 0 else None


def _phases(snapshot: Snapshot) -> list[str]:
    """One row a phase."""
    rows = []
    for span in snapshot.phases:
        steps = f"{_int(span.step_start)} to {_int(span.step_end)}"
        epochs = f"{number(span.epoch_start)} to {number(span.epoch_end)}"
        rows.append((span.phase, steps, epochs, plain(span.why)))
    return table(("phase", "steps", "epochs", "why"), rows)


def _int(value: int | None) -> str:
    """A whole number."""
    return UNKNOWN if value is None else str(value)


def _events(snapshot: Snapshot) -> list[str]:
    """One row an event, with its evidence."""
    rows = [(_int(e.step), number(e.epoch), _what(e), plain(e.rule), plain(e.why), _where(e)) for e in snapshot.events]
    return table(("step", "epoch", "severity", "rule", "why", "evidence"), rows)


def _what(event: Event) -> str:
    """Severity, or that it was withdrawn."""
    return event.severity.word if event.verdict == "fired" else f"{event.severity.word} withdrawn"


def _where(event: Event) -> str:
    """The printed values, and the line of the newest record."""
    values = ", ".join(_evidence(e) for e in event.evidence)
    line = place(event.source, event.line)
    return plain(f"{values} ({line})" if values else line)


def _evidence(evidence: Evidence) -> str:
    """One value and its step."""
    at = f" at {evidence.step}" if evidence.step is not None else ""
    return f"{evidence.name} {number(evidence.value)}{at}"


def _checkpoints(report: Report) -> list[str]:
    """Every checkpoint with the evaluation at its step."""
    words = {True: "complete", False: "not complete", None: "not looked at"}
    rows = [(code(c.path), _int(c.step), number(c.value), words[c.complete], plain(c.why)) for c in report.disk]
    best = report.snapshot.best
    metric = plain(best.metric) if best else "evaluation"
    return table(("checkpoint", "step", metric, "state", "why"), rows)


def _lr(report: Report) -> list[str]:
    """Configured and printed."""
    lr = report.lr
    lines = [f"- Configured: {', '.join(code(f'{k}={_fact(v)}') for k, v in lr.configured.items())}"] if lr.configured else []
    if lr.peak is not None:
        lines.append(bullet(f"Printed: first {number(lr.first)}, highest {number(lr.peak)} at step {lr.peak_step}, last {number(lr.last)}"))
    return lines


def _cost(report: Report) -> list[str]:
    """Hours and GPU-hours, then a row for each level a stopping rule reached."""
    spent = report.cost
    lines = [
        f"{duration(None if spent.hours is None else spent.hours * 3600)}, {hours(spent.gpu_hours)} GPU-hours: {plain(spent.assumption)}."
    ]
    rows = [
        (
            plain(c.rule),
            c.severity,
            _int(c.step),
            hours(c.saved_hours),
            hours(c.saved_gpu_hours),
            percent(c.share),
            number(c.best_seen),
            "none" if c.best_on_disk is None and report.disk else number(c.best_on_disk),
        )
        for c in report.counterfactuals
    ]
    if rows:
        titles = ("rule", "level", "step", "hours saved", "GPU-hours saved", "share", "best seen", "best on disk")
        lines += ["", *table(titles, rows), "", f"Assumed: {plain(report.counterfactuals[0].assumption)}."]
    return lines


def _end(snapshot: Snapshot) -> list[str]:
    """The cause, its line, what is only an echo, and what to do."""
    lines = [plain(ended(snapshot))]
    failure = snapshot.failure
    if failure is not None:
        lines += ["", f"> {code(failure.text)}"] if failure.text else []
        if failure.echoes:
            lines += ["", f"Echoes of it, not the cause: lines {', '.join(str(n) for n in failure.echoes[:12])}."]
        lines += ["", plain(failure.advice)] if failure.advice else []
    return lines
