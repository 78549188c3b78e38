"""Everything that rules say of a run, in full: what holds now, what held before, who cannot see, and how to have it quieter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trainwatch.model.snapshot import Alert, Snapshot
from trainwatch.model.verdict import Evidence
from trainwatch.present.canvas import Canvas
from trainwatch.present.look import Look
from trainwatch.present.numbers import number
from trainwatch.present.page import Line, Page, page_view
from trainwatch.present.sentences import (
    ASKS,
    ENDED,
    alert_sentence,
    blind_rules,
    deed_sentence,
    event_sentence,
    file_name,
    outcome_sentence,
    place,
    state_of,
    stop_sentence,
)

_SILENCE = (
    "a rules file of your own, begun with `trainwatch rules new quiet.toml`, leaves rules out: without = [{}]; then --rules quiet.toml. "
    '`trainwatch note RUN "new data mix"` starts the rules again from here on.'
)


def alert_lines(snapshot: Snapshot, width: int, look: Look) -> list[Line]:
    """All rows of the page for a screen of that width."""
    page = Page(width, look)
    if snapshot.state in ENDED:
        page.say(state_of(snapshot), outcome_sentence(snapshot), f"state.{state_of(snapshot)}")
    elif snapshot.stop.machine != "idle":
        page.say(snapshot.stop.goal, stop_sentence(snapshot.stop), "state.stopping")
    for caveat in snapshot.caveats:
        page.say("note", caveat, "severity.yellow")
    page.head(f"{len(snapshot.alerts)} now" if snapshot.alerts else "now")
    for i, alert in enumerate(snapshot.alerts):
        _alert(page, alert, snapshot, space=i > 0)
    if not snapshot.alerts:
        page.say("", "no rule holds")
    _earlier(page, snapshot)
    _blind(page, snapshot)
    if snapshot.events:
        page.head("to have it quieter")
        page.say("", _SILENCE.format(", ".join(f'"{rule}"' for rule in dict.fromkeys(e.rule for e in snapshot.events))))
    return page.lines


def alert_view(lines: Sequence[Line], top: int, width: int, height: int, look: Look) -> Canvas:
    """The rows from `top` on under a title."""
    canvas = Canvas(width, height)
    page_view(lines, top, canvas, look, name="alerts", about="what rules say of the run, in full")
    return canvas


def _alert(page: Page, alert: Alert, snapshot: Snapshot, *, space: bool) -> None:
    """A rule that holds, with all that it rests on; `space` leaves a row free before it."""
    if space:
        page.lines.append(())
    word = alert.severity.word
    page.say(f"{page.look.severity[alert.severity]} {word}", alert_sentence(alert, snapshot.events), f"severity.{word}")
    for i, evidence in enumerate(alert.evidence):
        page.say("" if i else "rests on", evidence_sentence(evidence))
    if alert.change:
        page.say("change", alert.change)
    page.say("follows", deed_sentence(alert, snapshot))


def evidence_sentence(evidence: Evidence) -> str:
    """A printed value and where it stands: `eval_loss 2.616 @280 (train.out:812)`."""
    at = "" if evidence.step is None and evidence.epoch is None else f" @{place(evidence.step, evidence.epoch)}"
    where = f" ({file_name(evidence.source)}:{evidence.line})" if evidence.line else ""
    return f"{evidence.name} {number(evidence.value, 6)}{at}{where}"


def _earlier(page: Page, snapshot: Snapshot) -> None:
    """What was raised before and is not what holds now, the newest first."""
    now = {(alert.rule, alert.episode, alert.severity) for alert in snapshot.alerts}
    earlier = [e for e in snapshot.events if e.verdict == "withdrawn" or (e.rule, e.episode, e.severity) not in now]
    page.head(f"{len(earlier)} earlier" if earlier else "earlier")
    for event in reversed(earlier):
        glyph = page.look.severity[event.severity] if event.verdict == "fired" else ""
        asks = f"; it {ASKS[event.action]}" if event.action != "notify" else ""
        page.say(glyph, event_sentence(replace(event, source=file_name(event.source))) + asks, f"severity.{event.severity.word}")
    if not earlier:
        page.say("", "nothing was raised before")


def _blind(page: Page, snapshot: Snapshot) -> None:
    """The rules that cannot judge, and what they need."""
    blind = blind_rules(snapshot.rules)
    if blind:
        page.head(f"{len(blind)} blind")
    for status in blind:
        page.say("", f"{status.rule}: {status.verdict.why or f'needs {status.needs}'}")
