"""How it ended, and what a reader must know before trusting the rest."""

from __future__ import annotations

from trainwatch.present.attempts import last_words
from trainwatch.report.compose import Report
from trainwatch.report.parts import Para, Part, Quote, bullets
from trainwatch.report.words import ended


def end(report: Report) -> list[Part]:
    """The cause, its line, what is only an echo, and what to do."""
    parts: list[Part] = [Para(ended(report.snapshot))]
    parts += bullets(last_words(report.snapshot.heard))
    failure = report.snapshot.failure
    if failure is not None:
        if failure.text.strip():
            parts.append(Quote(failure.text))
        if failure.echoes:
            parts.append(Para(f"Echoes of it, not the cause: lines {', '.join(str(n) for n in failure.echoes[:12])}."))
        if failure.advice:
            parts.append(Para(failure.advice))
    return parts


def caveats(report: Report) -> list[Part]:
    """Every caveat."""
    return bullets(report.caveats)
