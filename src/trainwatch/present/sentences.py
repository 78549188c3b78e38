"""What happened, in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.snapshot import Alert, Best, PhaseSpan, Snapshot, State, Stop
from trainwatch.model.verdict import Action, Event, RuleStatus
from trainwatch.present.clean import clean
from trainwatch.present.numbers import UNKNOWN, number, step
from trainwatch.present.quote import quoted

ENDED = frozenset({"stopped", "done", "failed"})
"""The states from which a run does not come back by itself."""


ASKS: Mapping[Action, str] = {"notify": "only tells", "save": "asks for a checkpoint", "stop": "asks to save and to stop the job"}
"""What a rule wants done at a severity."""


def event_sentence(event: Event) -> str:
    """An event: `red overfit at step 60: eval_loss 0.1544 is 12.2 % above the best (train.out:812)`."""
    what = f"{event.severity.word} {event.rule}"
    if event.verdict == "withdrawn":
        what = f"withdrawn: {what}"
    at = "" if event.step is None else f" at step {step(event.step)}"
    where = f" ({event.source}:{event.line})" if event.line else ""
    return clean(f"{what}{at}: {event.why}{where}")


def file_name(source: str) -> str:
    """The name of a source or metric without its folders, cleaned."""
    return clean(source.rpartition("/")[2])


def alert_sentence(alert: Alert, events: Sequence[Event] = ()) -> str:
    """An alert without its severity: `overfit since step 40 (black at 90): why`; when it came to its level is told by the events."""
    since = "" if alert.since_step is None else f" since step {step(alert.since_step)}"
    came = next((e.step for e in events if (e.rule, e.episode, e.severity) == (alert.rule, alert.episode, alert.severity)), None)
    level = f" ({alert.severity.word} at {step(came)})" if since and came is not None and came != alert.since_step else ""
    return clean(f"{alert.rule}{since}{level}: {alert.why}")


def deed_sentence(alert: Alert, snapshot: Snapshot) -> str:
    """What an alert asks for at its level, and what becomes of it under the trust that the run was given."""
    asks = f"it {ASKS[alert.action]}"
    if alert.action == "notify":
        return asks
    if snapshot.stop.machine != "idle" and snapshot.stop.rule == alert.rule:
        return f"{asks}: {stop_sentence(snapshot.stop)}"
    may, _, stoppers = snapshot.run.may.partition("=")
    if may == "watch":
        return f"{asks}; nothing follows, for the run is only watched (--may {alert.action}{_by_name(alert)} allows it)"
    if alert.action == "stop" and alert.rule not in stoppers.split(","):
        return f"{asks}; it may not stop it (--may stop{_by_name(alert)} allows it)"
    return f"{asks}, which it may"


def _by_name(alert: Alert) -> str:
    """How `--may stop` names the rule of an alert; a save needs no name."""
    return f"={alert.rule}" if alert.action == "stop" else ""


def blind_rules(rules: Sequence[RuleStatus]) -> tuple[RuleStatus, ...]:
    """The rules that cannot judge because an input is missing."""
    return tuple(r for r in rules if r.verdict.outcome == "blind")


def quiet_sentence(rules: Sequence[RuleStatus]) -> str:
    """What to say while no rule holds: never just that all is well when some rules cannot see."""
    if not rules:
        return "no rules loaded: nothing is judged"
    blind = blind_rules(rules)
    if not blind:
        return f"no rule fired; all {len(rules)} can see"
    needs = next((r.needs for r in blind if r.needs), "")
    first = f" ({blind[0].rule} needs {needs})" if needs else f" ({blind[0].rule})"
    return clean(f"no rule fired; {len(blind)} blind{first}")


def best_sentence(best: Best | None) -> str:
    """The best evaluation: `best 1.445 @6200`, with its metric where that is no eval loss, without a place that is not known.

    Says so when there is none.
    """
    if best is None:
        return "no evaluation yet"
    at = place(best.step, best.epoch)
    name = "" if best.metric == "eval_loss" else f"{file_name(best.metric)} "
    return f"best {name}{number(best.value)}" + ("" if at == UNKNOWN else f" @{at}")


def place(at: int | None, epoch: float | None) -> str:
    """Where a record stands in its run: its step, else its epoch, else that it is not known."""
    return step(at) if at is not None else f"epoch {number(epoch)}" if epoch is not None else UNKNOWN


def since_sentence(span: PhaseSpan) -> str:
    """Since when a phase lasts: `since 2200`; empty for what began with the run, or nobody knows where."""
    known = bool(span.step_start) if span.step_start is not None else bool(span.epoch_start)
    return f"since {place(span.step_start, span.epoch_start)}" if known else ""


def saved_sentence(best: Best | None, saved: tuple[CheckpointSeen, float] | None, *, known: bool = True) -> str:
    """The best checkpoint on disk: `saved checkpoint-6000 (1.447)`, else `best not saved!`; empty before the first evaluation.

    `known` is whether checkpoints were looked for at all.
    """
    if best is None:
        return ""
    if saved is None:
        return "best not saved!" if known else ""
    checkpoint, value = saved
    name = clean(checkpoint.path.rstrip("/").rpartition("/")[2])
    return f"saved {name} ({number(value)})"


def detached_sentence(snapshot: Snapshot) -> str:
    """What is said when a view is left; a recording, which is neither supervised nor a log, has no way back."""
    run, at = snapshot.run, snapshot.progress.step
    is_recording = not run.supervised and not run.directory and run.id not in run.sources
    back = "" if is_recording else f" back: trainwatch attach {clean(run.id)}"
    if snapshot.state in ENDED:
        return f"the run has ended ({state_of(snapshot)}).{back}"
    where = "" if at is None else f" (step {at:,})"
    return f"left the recording{where}." if is_recording else f"detached. training goes on{where}.{back}"


def stops_short(snapshot: Snapshot) -> bool:
    """Whether all that is known of the end is that the log stops before its last planned step."""
    step, total = snapshot.progress.step, snapshot.progress.total_steps
    return snapshot.state == "done" and snapshot.exit_code is None and step is not None and bool(total) and step < (total or 0)


def state_of(snapshot: Snapshot) -> State:
    """The state as it is shown: a log that stops short is silent, for nothing says that the job is done."""
    return "silent" if stops_short(snapshot) else snapshot.state


def stop_sentence(stop: Stop) -> str:
    """Where a save or stop stands: what its machine says, and the rule and the checkpoint where that leaves them out."""
    name = stop.checkpoint.rstrip("/").rpartition("/")[2]
    parts = (stop.text, f"rule {stop.rule}" if stop.rule not in stop.text else "", stop.checkpoint if name not in stop.text else "")
    return clean("; ".join(p for p in parts if p))


def outcome_sentence(snapshot: Snapshot) -> str:
    """How a run ended, and what is left of it. What a stop leaves in the log is no failure."""
    said = [stop_sentence(snapshot.stop)] if snapshot.stop.machine != "idle" else []
    failure = snapshot.failure
    if failure is not None and snapshot.state != "stopped":
        at = f" ({file_name(failure.source)}:{failure.line})" if failure.line else ""
        said.append(f"{failure.kind}: {quoted(failure.text)}{at}")
    if stops_short(snapshot) and not any(said):
        said = [f"the log stops at step {snapshot.progress.step:,} of {snapshot.progress.total_steps:,} and gives no reason"]
    elif not any(said):
        said = ["the job ended by itself"] if snapshot.exit_code == 0 else ["the job ended"]
    if snapshot.best is not None:
        saved = saved_sentence(snapshot.best, snapshot.saved_best, known=bool(snapshot.checkpoints))
        said.append(", ".join(filter(None, (best_sentence(snapshot.best), saved))))
    return clean(". ".join(said))
