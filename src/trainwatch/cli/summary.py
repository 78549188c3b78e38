"""What a run has been so far, as plain lines: read from top to bottom, by a person or a screen reader."""

from __future__ import annotations

from trainwatch.model.snapshot import Snapshot
from trainwatch.present.attempts import attempt_sentences, named
from trainwatch.present.clean import clean
from trainwatch.present.numbers import duration, integer, number, step
from trainwatch.present.sentences import (
    ENDED,
    alert_sentence,
    best_sentence,
    outcome_sentence,
    place,
    quiet_sentence,
    saved_sentence,
    state_of,
)

PIPE = "-"
"""The source of what is read from standard input."""


def so_far(snapshot: Snapshot) -> list[str]:
    """The run in at most a screenful: who, how far, how good, what holds."""
    run = snapshot.run
    who = [f"watching {named(run.sources)}"]
    if run.directory:
        who = [f"run {clean(run.id)} ({snapshot.state}; {'supervised' if run.supervised else 'not supervised'}; may {run.may})", *who]
    return [
        *who,
        *_progress(snapshot),
        *attempt_sentences(snapshot.attempts),
        *_quality(snapshot),
        *_alerts(snapshot),
        *map(clean, snapshot.caveats),
    ]


def outcome(snapshot: Snapshot, *, watched: bool) -> list[str]:
    """How it ended. `watched`: a log without a run directory, of which only the bytes are known."""
    if watched and snapshot.failure is None:
        if snapshot.run.sources == (PIPE,):
            return ["the pipe has ended; that is all of it"]
        return ["nobody writes this log; that is all of it (--follow waits for more)"]
    return [f"{state_of(snapshot)}: {outcome_sentence(snapshot)}"]


def nothing_read(snapshot: Snapshot) -> str:
    """Why nothing could be judged; empty when something could."""
    names = clean(", ".join(snapshot.run.sources))
    if not snapshot.bytes_read:
        return f"{names}: the log is empty"
    if not snapshot.records:
        return f"{names}: no metric found in {snapshot.bytes_read:,} bytes"
    return ""


def _progress(snapshot: Snapshot) -> list[str]:
    """How far, and how long."""
    at = snapshot.progress
    if at.step is None and at.epoch is None:
        return []
    total = "" if at.total_steps is None else f" of {integer(at.total_steps)}"
    parts = [
        "" if at.step is None else f"step {integer(at.step)}{total}",
        "" if at.epoch is None else f"epoch {number(at.epoch)}",
        f"{duration(at.eta)} left" if at.eta and snapshot.state not in ENDED else "",
    ]
    return [", ".join(part for part in parts if part)]


def _quality(snapshot: Snapshot) -> list[str]:
    """Evaluations, the best of them, and the phase."""
    count = len(snapshot.evaluations)
    lines = []
    if count:
        last = snapshot.evaluations[-1]
        metric = snapshot.best.metric if snapshot.best is not None else "eval_loss"
        best = ", ".join(
            filter(
                None, (best_sentence(snapshot.best), saved_sentence(snapshot.best, snapshot.saved_best, known=bool(snapshot.checkpoints)))
            )
        )
        lines.append(
            f"{count} evaluation{'s' if count > 1 else ''}; last {clean(metric)} {number(last.value)} @{place(last.step, last.epoch)}; {best}"
        )
    if snapshot.phases:
        phase = snapshot.phases[-1]
        since = "" if phase.step_start is None else f" since step {step(phase.step_start)}"
        lines.append(f"phase {phase.phase}{since}: {clean(phase.why)}" if phase.why else f"phase {phase.phase}{since}")
    return lines


def _alerts(snapshot: Snapshot) -> list[str]:
    """What holds now, the worst first."""
    if not snapshot.alerts:
        return [quiet_sentence(snapshot.rules)]
    return [f"{alert.severity.word} {alert_sentence(alert, snapshot.events)}" for alert in snapshot.alerts]
