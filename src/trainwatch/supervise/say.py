"""A state of the stop machine in the words of screen, journal and exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainwatch.model.snapshot import State, Stop
from trainwatch.supervise.machine import Limits, Machine, Wish

STOPPED_BY_RULE, STOPPED_UNSAVED, STOPPED_KILLED, STOPPED_BY_PERSON = 80, 81, 82, 83
LEFT_RUNNING, TO_BE_RESUMED, STILL_RUNNING = 84, 85, 86

STATES: dict[str, State] = {
    "saving": "saving",
    "proving": "saving",
    "veto": "stopping",
    "leaving": "stopping",
    "terminating": "stopping",
    "killing": "stopping",
    "stuck": "stopping",
    "stopped": "stopped",
}
"""The state of the run while the machine is in a state; the others do not change it."""


def exit_code(machine: Machine) -> int | None:
    """What the save or stop came to, as an exit code; None as long as it is under way."""
    match machine.state:
        case "stopped":
            return stopped_code(machine)
        case "stuck":
            return STILL_RUNNING
        case "failed" | "cancelled":
            return LEFT_RUNNING
        case "saved":
            return 0
        case "ended":
            return 0 if machine.wish is not None and machine.wish.goal == "stop" else LEFT_RUNNING
    return None


def stopped_code(machine: Machine) -> int:
    """The exit code of a job that was stopped, or is about to be."""
    cause = machine.wish.cause if machine.wish is not None else "rule"
    if machine.killed:
        return STOPPED_KILLED
    if not machine.proven:
        return STOPPED_UNSAVED
    return {"person": STOPPED_BY_PERSON, "resume": TO_BE_RESUMED}.get(cause, STOPPED_BY_RULE)


def stop_of(machine: Machine, limits: Limits) -> Stop:
    """The machine as a snapshot shows it."""
    wish = machine.wish or Wish("", "stop")
    return Stop(machine.state, sentence(machine, limits), wish.rule, machine.path, machine.since, exit_code(machine), wish.goal)


def sentence(machine: Machine, limits: Limits) -> str:
    """The state as one sentence; empty when nothing was ever asked."""
    wish = machine.wish
    if wish is None:
        return ""
    name, by = Path(machine.path).name or "the checkpoint", _by(wish)
    texts = {
        "saving": f"{by}: the job was asked to save",
        "waiting": f"{by}: no hook in the job, so its next regular save is waited for, {limits.save:.0f} s if it never saves",
        "proving": f"{by}: looking at {name}" if machine.path else f"{by}: looking for the newest complete checkpoint",
        "veto": f"{by}: {_kept(machine)}; stopping{f' in {machine.veto:.0f} s unless cancelled' if machine.veto else ' now'}",
        "leaving": f"{by}: {_kept(machine)}; the script was told to end by itself",
        "terminating": f"{by}: {_kept(machine)}; SIGTERM sent, {limits.grace:.0f} s to end",
        "killing": f"{by}: {_kept(machine)}; SIGKILL sent",
        "stuck": f"stuck: still running {limits.grace:.0f} s after SIGTERM: {machine.why}",
        "stopped": f"stopped by {wish.rule}{' with SIGKILL' if machine.killed else ''}; {_kept(machine)}{f'; {machine.why}' if machine.why else ''}",
        "saved": f"saved and proven: {machine.path}{_rotated(machine)}",
        "failed": f"{by}: {machine.why}; the job is left running",
        "cancelled": f"{by}: {machine.why}; the job goes on",
        "ended": f"{by}: {machine.why}",
    }
    return texts.get(machine.state, "")


def _by(wish: Wish) -> str:
    """What was asked, and who asked."""
    return f"{wish.goal} ({wish.rule})"


def _kept(machine: Machine) -> str:
    """What is left on disk."""
    if machine.wish is not None and machine.wish.proof == "none":
        return "nothing saved, as allowed"
    return f"{Path(machine.path).name} proven{_rotated(machine)}" if machine.proven else "nothing proven"


def _rotated(machine: Machine) -> str:
    """What the save has cost."""
    return f" (the job's own rotation deleted {machine.rotated})" if machine.rotated else ""


def record(machine: Machine, limits: Limits, *, torn: list[str], resume: str) -> dict[str, Any]:
    """The content of stop.json."""
    wish = machine.wish or Wish("", "stop")
    return {
        "v": 1,
        "state": machine.state,
        "text": sentence(machine, limits),
        "exit_code": exit_code(machine),
        "rule": wish.rule,
        "cause": wish.cause,
        "why": wish.why,
        "proof": wish.proof,
        "checkpoint": machine.path,
        "step": machine.step,
        "proven": machine.proven,
        "killed": machine.killed,
        "rotated": machine.rotated,
        "torn": torn,
        "resume": resume,
        "at": machine.since,
    }
