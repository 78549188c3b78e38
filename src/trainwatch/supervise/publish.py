"""state.json: the run as its supervisor sees it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainwatch.model.snapshot import Snapshot, State
from trainwatch.store.lock import this_process
from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile
from trainwatch.supervise import clock, say
from trainwatch.supervise.brief import summary
from trainwatch.supervise.machine import Limits, Machine, to_json

PERIOD = 2.0
"""Seconds between two states that differ only in progress."""

HEARTBEAT = 30.0
"""Seconds after which the state is written although nothing changed: from another machine this is how a supervisor shows its life."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended. `exit_code` is the job's own, None when nobody knows it."""

    state: State
    exit_code: int | None


class Publisher:
    """Writes state.json when something changed."""

    def __init__(self, run_dir: RunDir, limits: Limits, *, zero: float) -> None:
        """`zero` is that of the clock by which `now` is told; see `SteadyClock`."""
        self._dir = run_dir
        self._limits = limits
        self._clock = clock.mark(zero)
        me = this_process()
        self.pid = me.pid
        self._me = {"pid": me.pid, "ticks": me.ticks, "host": me.host}
        self._written_at = -math.inf
        self._looked_at = -math.inf
        self._last: object = None

    def due(self, now: float) -> bool:
        """Whether progress may be looked at again."""
        return not 0 <= now - self._looked_at < PERIOD

    def write(
        self,
        machine: Machine,
        snapshot: Snapshot,
        positions: Mapping[str, Mapping[str, Any]],
        now: float,
        ending: Ending | None = None,
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """The state now; on disk when this returns. `more` is told with the brief. Raises NotWrittenError."""
        self._looked_at = now
        state = state_of(machine, snapshot) if ending is None else ending.state
        extra = {
            "supervisor": self._me,
            "machine": to_json(machine),
            "final": ending is not None,
            "brief": {**summary(snapshot), **(more or {})},
            "clock": self._clock,
        }
        code = None if ending is None else ending.exit_code
        content = (state, code, positions, extra)
        if content != self._last or now - self._written_at >= HEARTBEAT:
            StateFile(state, now, say.stop_of(machine, self._limits), code, positions, extra).save(self._dir)
            self._last, self._written_at = content, now


def state_of(machine: Machine, snapshot: Snapshot) -> State:
    """The state of a run that is not over."""
    if machine.state in say.STATES:
        return say.STATES[machine.state]
    if any(rule.kind == "hang" and rule.verdict.outcome == "fired" for rule in snapshot.rules):
        return "silent"
    return "running" if snapshot.records else "starting"
