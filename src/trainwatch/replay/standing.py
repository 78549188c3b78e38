"""Where a run stands, from all that is known besides its log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trainwatch.model.errors import NotReadableError
from trainwatch.model.snapshot import Snapshot, State
from trainwatch.store import statefile
from trainwatch.store.files import read_json
from trainwatch.store.lock import Process, start_ticks
from trainwatch.store.openrun import ended
from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile

SILENT = 300.0
"""Seconds without a byte after which a log that somebody writes is called silent."""

SILENT_STEPS = 10
"""Or as many usual steps, if they take longer."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the files of a run directory say. `state` is None before a supervisor wrote its first word.

    `exit_code` is the job's, None while it runs or when nobody knows. `alive` is None when it cannot be told from here.
    """

    state: StateFile | None
    supervisor: Process | None
    exit_code: int | None
    over: bool
    alive: bool | None
    trouble: str = ""


def read(run_dir: RunDir, supervisor: Process | None, host: str) -> Standing:
    """Look at the small files. Damage is reported in `trouble`, never raised."""
    trouble = ""
    try:
        state = statefile.load(run_dir)
    except NotReadableError as error:
        state, trouble = None, str(error)
    code = state.exit_code if state is not None and state.exit_code is not None else _exit_code(run_dir)
    return Standing(state, supervisor, code, ended(run_dir), _job_alive(run_dir, host), trouble)


def settle(snapshot: Snapshot, standing: Standing, *, ended: bool, orphaned: bool = False) -> Snapshot:
    """The snapshot of a fold, completed by what its run directory says.

    `ended`: nothing more will come. `orphaned`: nobody supervises the run, for longer than a restart takes.
    """
    state = standing.state
    stop = state.stop if state is not None else snapshot.stop
    final = standing.over or ended
    caveats = list(snapshot.caveats)
    if state is None and standing.supervisor is None and not orphaned and not final:
        caveats.append("its supervision begins: nothing acts on it yet")
    if orphaned and not final:
        caveats.append("nobody supervises this run now: it is watched, and nothing acts on it")
    if standing.trouble:
        caveats.append(standing.trouble)
    caveats += notes(state) if not final else []
    return replace(
        snapshot,
        run=replace(snapshot.run, supervised=standing.supervisor is not None),
        state=_state(snapshot, standing, ended=ended),
        stop=stop,
        exit_code=standing.exit_code if final else None,
        caveats=tuple(caveats),
    )


def notes(state: StateFile | None) -> list[str]:
    """What the supervisor wants a person to know."""
    said = _brief(state).get("notes")
    return list(map(str, said)) if isinstance(said, list) else []


def time_left(state: StateFile | None, now: float) -> float | None:
    """Seconds until the end that the supervisor knows of; None without one. `now` is by its clock."""
    end = _brief(state).get("ends_at")
    return end - now if isinstance(end, int | float) else None


def _brief(state: StateFile | None) -> Mapping[str, Any]:
    """What the supervisor tells beyond the state; empty before its first word."""
    brief = None if state is None else state.extra.get("brief")
    return brief if isinstance(brief, Mapping) else {}


def _state(snapshot: Snapshot, standing: Standing, *, ended: bool) -> State:
    """The supervisor's word while there is one, and its last word; else what processes and log say."""
    said = standing.state.state if standing.state is not None else "starting"
    if standing.supervisor is not None or said in ("stopped", "done", "failed", "lost"):
        return said
    if standing.over:
        return "failed" if standing.exit_code else "done" if standing.exit_code == 0 else "lost"
    if ended or standing.alive is False:
        return "lost"
    return snapshot.state


def of_log(snapshot: Snapshot, *, ended: bool, quiet: float) -> Snapshot:
    """The snapshot of a log that is only watched. `quiet` in seconds since its newest byte."""
    patience = max(SILENT, SILENT_STEPS * (snapshot.progress.step_time or 0.0))
    state: State = snapshot.state
    if not ended and state == "running" and quiet > patience:
        state = "silent"
    return replace(snapshot, state=state, data_age=quiet)


def _exit_code(run_dir: RunDir) -> int | None:
    """What the shim kept, 128+N for a signal."""
    code = _quietly(run_dir.launcher_exit).get("code")
    if not isinstance(code, int):
        return None
    return 128 - code if code < 0 else code


def _job_alive(run_dir: RunDir, host: str) -> bool | None:
    """Whether shim or launcher still run."""
    job = _quietly(run_dir.job)
    if not job or host != os.uname().nodename:
        return None
    return any(_lives(job.get(name)) for name in ("shim", "launcher"))


def _lives(identity: object) -> bool:
    """Whether the process of that pid and start is there."""
    if not isinstance(identity, Mapping):
        return False
    pid, ticks = identity.get("pid"), identity.get("ticks")
    return isinstance(pid, int) and pid > 0 and start_ticks(pid) == ticks != 0


def _quietly(path: Any) -> dict[str, Any]:
    """A small file of the shim's; empty when it is absent or damaged."""
    try:
        return read_json(path) or {}
    except NotReadableError:
        return {}
