"""A run in a few words, for `ls` and `status`: without reading its log, as far as its supervisor has said it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.snapshot import Alert, RunInfo, Snapshot, Stop
from trainwatch.present.attempts import named
from trainwatch.present.clean import clean
from trainwatch.present.header import time_left
from trainwatch.present.numbers import duration, number
from trainwatch.present.sentences import state_of
from trainwatch.store import runfile, statefile
from trainwatch.store.lock import holder
from trainwatch.store.openrun import ended
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import clock
from trainwatch.supervise.job import Job

OVER = frozenset({"stopped", "done", "failed", "lost"})

BEGINNING = 30.0
"""Seconds after its start in which a run that no supervisor has spoken of yet is given the time to get one."""


@dataclass(frozen=True, slots=True)
class Brief:
    """A run at one moment. `facts` is what `summary` made; `supervisor` says who supervises, empty when nobody does."""

    run: RunInfo
    state: str
    supervisor: str
    stop: Stop
    exit_code: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)

    is_current: bool = True
    """Whether nothing can have come since: a supervisor is at work, or has said its last word."""

    begins: bool = False
    """Whether the run was started a moment ago and its supervisor has not had the time to speak."""

    def to_json(self) -> dict[str, Any]:
        """Everything, with stable keys."""
        stop = {**asdict(self.stop), "since": self.stop.since if self.stop.since == self.stop.since else None}
        return {
            "v": 1,
            "run": self.run.id,
            "name": self.run.name,
            "directory": self.run.directory or None,
            "sources": list(self.run.sources),
            "state": self.state,
            "supervisor": self.supervisor or None,
            "may": self.run.may,
            **self.facts,
            "stop": stop,
            "exit_code": self.exit_code,
        }

    def line(self) -> str:
        """For a list."""
        return clean(
            "  ".join(
                part
                for part in (self.run.id, self._state(), self._step(), str(self.facts.get("phase") or ""), *map(_told, self._alerts()[:1]))
                if part
            )
        )

    def lines(self) -> list[str]:
        """For people and screen readers, always in this order."""
        rows = (
            ("run", self.run.id),
            ("state", self._state()),
            ("progress", self._step()),
            ("attempt", self._attempt()),
            ("time left", self._time_left()),
            ("phase", str(self.facts.get("phase") or "")),
            ("newest", self._value("evaluation")),
            ("best", self._value("best")),
            *(("alert", _told(alert)) for alert in self._alerts()),
            (self.stop.goal, self.stop.text),
            ("may", self.run.may),
            ("log", named(self.run.sources)),
            ("exit code", "" if self.exit_code is None else str(self.exit_code)),
        )
        return [clean(f"{name:10}{text}") for name, text in rows if text] + self._notes() + self._criteria()

    def _notes(self) -> list[str]:
        """A line for each thing that a person should know, of the hook and of what is shown."""
        said = (*(self.facts.get("notes") or ()), *(self.facts.get("caveats") or ()))
        return [clean(f"{'note':10}{note}") for note in said]

    def _criteria(self) -> list[str]:
        """A line a success criterion, each with its state in words."""
        found = self.facts.get("criteria") or ()
        return [clean(f"criterion {c['state']}: {c['name']}: {c['why']}") for c in found]

    def _state(self) -> str:
        """The state, and whether somebody looks after it."""
        if self.supervisor or self.state in OVER:
            return self.state
        return f"{self.state}, {'its supervision begins' if self.begins else 'nobody supervises it'}"

    def _step(self) -> str:
        """How far it is."""
        step, total, epoch = (self.facts.get(name) for name in ("step", "total_steps", "epoch"))
        if step is None:
            return "" if epoch is None else f"epoch {number(epoch)}"
        return f"step {step}" if total is None else f"step {step} of {total}"

    def _time_left(self) -> str:
        """How long the allocation lasts, beside how long the run still takes."""
        left, eta = self.facts.get("time_left"), self.facts.get("eta")
        if left is None or self.state in OVER:
            return ""
        return time_left(left, eta) if eta is None else f"{time_left(left, eta)} ({duration(eta)})"

    def _attempt(self) -> str:
        """Which attempt this is, where there was one before."""
        attempts: list[dict[str, Any]] = self.facts.get("attempts") or []
        if len(attempts) < 2:
            return ""
        newest = attempts[-1]
        return f"{newest['number']}" if newest["step_start"] is None else f"{newest['number']}, from step {newest['step_start']}"

    def _value(self, name: str) -> str:
        """An evaluation."""
        found = self.facts.get(name)
        if not found:
            return ""
        unit = next((unit for unit in ("step", "epoch") if found.get(unit) is not None), None)
        at = "" if unit is None else f" at {unit} {number(found[unit]) if unit == 'epoch' else found[unit]}"
        return f"{(self.facts.get('best') or {}).get('metric', 'eval_loss')} {number(float(found['value']))}{at}"

    def _alerts(self) -> Sequence[Mapping[str, Any]]:
        """The rules that hold, the worst first."""
        return self.facts.get("alerts") or ()


def _told(alert: Mapping[str, Any]) -> str:
    """An alert in a sentence."""
    return f"{alert['severity']} {alert['rule']}: {alert['why']}"


def summary(snapshot: Snapshot) -> dict[str, Any]:
    """What a brief tells of a snapshot, as JSON values; what is not known is None."""
    worst = snapshot.alerts[0] if snapshot.alerts else None
    best, last = snapshot.best, snapshot.evaluations[-1] if snapshot.evaluations else None
    return {
        "step": snapshot.progress.step,
        "epoch": snapshot.progress.epoch,
        "total_steps": snapshot.progress.total_steps,
        "eta": None if snapshot.progress.eta is None else round(snapshot.progress.eta),
        "time_left": None if snapshot.time_left is None else round(snapshot.time_left),
        "phase": snapshot.phases[-1].phase if snapshot.phases else None,
        "alert": None if worst is None else {"rule": worst.rule, "severity": worst.severity.word, "why": worst.why},
        "alerts": [_figures(alert) for alert in snapshot.alerts],
        "evaluation": None if last is None else {"value": last.value, "step": last.step, "epoch": last.epoch},
        "criteria": [asdict(c) for c in snapshot.criteria],
        "attempts": [attempt.figures() for attempt in snapshot.attempts],
        "best": None if best is None else {"metric": best.metric, "value": best.value, "step": best.step, "epoch": best.epoch},
        "caveats": list(snapshot.caveats),
    }


def _figures(alert: Alert) -> dict[str, Any]:
    """An alert as JSON values; a value of its evidence that is not finite is a text, as in `export`."""
    evidence = [{**asdict(e), "value": e.value if math.isfinite(e.value) else str(e.value)} for e in alert.evidence]
    return {**asdict(alert), "severity": alert.severity.word, "evidence": evidence}


def of_snapshot(snapshot: Snapshot) -> Brief:
    """From a log that was read."""
    return Brief(snapshot.run, state_of(snapshot), "", snapshot.stop, snapshot.exit_code, summary(snapshot))


def of_run(run_dir: RunDir) -> Brief:
    """From the small files of a run directory. Raises NotReadableError when run.json cannot be read."""
    run = runfile.load(run_dir)
    who = holder(run_dir.lock)
    supervisor = str(who) if who is not None and who.alive() is not False else ""
    try:
        kept = statefile.load(run_dir)
    except NotReadableError:
        kept = None
    if kept is None:
        begins = not ended(run_dir) and 0 <= clock.SystemClock().now() - run.info.started_at < BEGINNING
        return Brief(run.info, "starting", supervisor, Stop(), None, is_current=bool(supervisor) or begins, begins=begins)
    state: str = kept.state
    is_current = bool(supervisor) or kept.extra.get("final") is True
    if not supervisor and state not in OVER and _gone(run_dir, run):
        state = "lost"
    facts = dict(kept.extra.get("brief", {}))
    if (end := facts.get("ends_at")) is not None:
        facts["time_left"] = round(end - clock.of_run(run_dir).now())
    return Brief(run.info, state, supervisor, kept.stop, kept.exit_code, facts, is_current)


def _gone(run_dir: RunDir, run: runfile.RunFile) -> bool:
    """Whether a job without a supervisor has no process left, asked of this machine."""
    return not Job(run_dir, run.info.sources, attached=bool(run.extra.get("attached"))).members()
