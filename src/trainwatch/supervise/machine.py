"""The stop machine: a pure step from what was seen to the next state.

    idle ─> saving ───> proving ─> veto ─> (leaving) ─> terminating ─> stopped
       └──> waiting ──────┘          │                      ├─> killing ─┘ (only when asked for)
       └──> (existing, none)         └─> cancelled          └─> stuck ──> stopped
    saving, waiting, proving ─> failed: the job is left running      a save alone ends in: saved      the job ended by itself: ended

Every state says what must have been done once it is entered (`carry.py`); doing it again after a crash is harmless.
Times are Unix seconds, because a supervisor that is started again must read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.verdict import Proof

Name = Literal[
    "idle",
    "saving",
    "waiting",
    "proving",
    "veto",
    "leaving",
    "terminating",
    "killing",
    "stuck",
    "stopped",
    "saved",
    "failed",
    "cancelled",
    "ended",
]
Cause = Literal["rule", "resume", "person"]

RESTING = frozenset({"idle", "saved", "failed", "cancelled", "ended"})
"""The states in which something new may begin."""

SIGNALLED = frozenset({"leaving", "terminating", "killing", "stuck", "stopped"})
"""The states from which there is no way back."""

LONG_VETO = 60.0
"""Seconds that ranks may be held for a person; in a longer veto training goes on, and a second save is asked for at its end."""


NO_SAVES = (
    "there is no hook in the job, and nothing shows that it saves by itself, so there is no save to wait for; "
    "where it saves is stated with --fact output_dir=DIR"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A save or stop that somebody asked for. `id` names it for ever and is the first request's id.

    `cause` decides the exit code; `key` is the event's for a rule; `order` the request's of a person. `rule` is the rule or who.
    `before` is the last step that an existing checkpoint may have, None when any will do. `unsaved`: stop even if saving fails.
    `deadline` is when it is too late, in Unix seconds, 0 without one; nobody has the time to call such a stop off.
    """

    id: str
    goal: Literal["save", "stop"]
    proof: Proof = "fresh"
    cause: Cause = "rule"
    key: str = ""
    rule: str = ""
    why: str = ""
    order: str = ""
    before: int | None = None
    unsaved: bool = False
    deadline: float = 0.0


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a save or stop stands. `since` is when `state` was entered; `wish` is set in every state but idle.

    `next` waits for its turn. `request` is the id that the job was asked with. `save_seconds` is the longest save measured, 0
    before the first. `veto` is how long this stop may be called off, in seconds; it stands once the window is open. `holding` says that the ranks hold since the save. `rotated` names the checkpoints that the job's own rotation
    deleted at that save.
    """

    state: Name = "idle"
    since: float = 0.0
    wish: Wish | None = None
    next: Wish | None = None
    request: str = ""
    path: str = ""
    step: int | None = None
    proven: bool = False
    holding: bool = False
    veto: float = 0.0
    veto_over: bool = False
    killed: bool = False
    save_seconds: float = 0.0
    rotated: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what may take, in seconds. `kill_after` None: never SIGKILL. `leave`: the script ends by itself first.

    `attended`: a screen is open while the stop is proven, so there is a veto of a minute in any case.
    `settle` is how long the proven checkpoint may take to reach the disk before the job is stopped all the same.
    """

    veto: float = 0.0
    grace: float = 120.0
    kill_after: float | None = None
    leave: bool = False
    save: float = 300.0
    prove: float = 10.0
    hold: float = 120.0
    kill: float = 30.0
    settle: float = 20.0
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """What the world looks like at `now`.

    `ended`: no process of the job is left. `hook`: rank 0 answers requests. `ack` is the answer to the current request.
    `life` is when the job last showed a sign of life. `proof` is how the look at the checkpoint in question went, None before it.
    `saves`: the job is known to save by itself. `regular` is the newest complete checkpoint that was found. `left` names what still runs after SIGTERM.
    `own_end` is how the script around the training came to its own end, empty when it did not. `beyond` is why the job cannot be stopped
    from this machine, empty when it can. `told_to_end`: the job was asked, in its own way, to save and then to end.
    """

    now: float
    ended: bool = False
    hook: bool = False
    ack: Mapping[str, Any] = field(default_factory=dict)
    life: float = 0.0
    proof: CheckpointSeen | None = None
    saves: bool = True
    regular: CheckpointSeen | None = None
    cancel: str = ""
    left: str = ""
    own_end: str = ""
    beyond: str = ""
    told_to_end: bool = False


def begin(machine: Machine, wish: Wish, seen: Seen) -> Machine:
    """Take up a wish. The same machine comes back when it is refused, because something stronger is under way."""
    if machine.state in RESTING:
        return _start(machine, wish, seen)
    current = machine.wish
    if current is None or machine.state in SIGNALLED or wish.id in (current.id, machine.next.id if machine.next else ""):
        return machine
    if wish.goal == "save":
        return machine
    if _takes_over(wish, machine.state, current):
        return _enter(replace(machine, next=wish), "cancelled", seen, why="another stop takes its place")
    return replace(machine, next=wish) if current.goal == "save" else machine


def _takes_over(wish: Wish, state: Name, current: Wish) -> bool:
    """Whether a stop need not wait for what is under way: a save that nobody makes, or one that its own proof makes needless."""
    if wish.proof == "fresh":
        return current.goal == "save" and state == "waiting"
    return wish.cause == "person" or state in ("saving", "waiting")


def _start(machine: Machine, wish: Wish, seen: Seen) -> Machine:
    """The first state of a wish."""
    fresh = Machine(wish=wish, save_seconds=machine.save_seconds)
    if seen.ended:
        return _enter(fresh, "ended", seen, why="the job had ended already")
    if wish.goal == "stop" and seen.beyond:
        return _enter(fresh, "failed", seen, why=seen.beyond)
    if wish.goal == "stop" and wish.proof == "none":
        return _enter(fresh, "veto", seen)
    if wish.goal == "stop" and wish.proof == "existing":
        return _enter(fresh, "proving", seen)
    if not seen.hook:
        return _enter(fresh, "waiting", seen)
    return _enter(replace(fresh, request=wish.id), "saving", seen)


def step(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """The next state; the same machine when nothing changes."""
    if machine.state in RESTING:
        if machine.next is None:
            return machine
        return _start(machine, machine.next, seen)
    if machine.state not in SIGNALLED:
        if seen.ended:
            return _ended(machine, seen)
        if seen.cancel:
            return _enter(replace(machine, next=None), "cancelled", seen, why=f"called off by {seen.cancel}")
        if machine.wish is not None and 0 < machine.wish.deadline < seen.now:
            return _fail(machine, seen, limits, "the time that was left is over")
    return STEPS[machine.state](machine, seen, limits)


def _ended(machine: Machine, seen: Seen) -> Machine:
    """The job is gone before any signal that ends it. One that was told to has left its checkpoint, or it has not."""
    if not seen.told_to_end or machine.wish is None or machine.wish.goal == "save":
        return _enter(machine, "ended", seen, why="the job ended by itself")
    found = seen.regular
    if found is None or found.at <= machine.since:
        return _enter(machine, "stopped", seen, why="it was told to save and end, and left no complete checkpoint")
    return _enter(replace(machine, path=found.path, step=found.step, proven=True), "stopped", seen, why="it saved and ended by itself")


def _saving(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """The job was asked to save."""
    status = seen.ack.get("status")
    if status == "saved":
        seconds = max(machine.save_seconds, _number(seen.ack.get("seconds")))
        stop = machine.wish is not None and machine.wish.goal == "stop"
        path, rotated = str(seen.ack.get("path") or ""), _names(seen.ack.get("rotated"))
        saved = replace(machine, path=path, step=_step(seen.ack), save_seconds=seconds, holding=stop, rotated=rotated)
        return _enter(saved, "proving", seen)
    if status == "failed":
        return _fail(machine, seen, limits, f"the job could not save: {seen.ack.get('error') or 'no reason given'}")
    patience = max(limits.save, 10 * machine.save_seconds)
    if seen.now - max(machine.since, seen.life) > patience or seen.now - machine.since > 4 * patience:
        return _fail(machine, seen, limits, f"the job did not answer the request to save within {patience:.0f} s")
    return machine


def _fail(machine: Machine, seen: Seen, limits: Limits, why: str) -> Machine:
    """There is no proven checkpoint: the job is left running, unless the user said that unsaved is fine."""
    failed = replace(machine, proven=False)
    if machine.wish is not None and machine.wish.goal == "stop" and machine.wish.unsaved:
        return replace(_end(failed, seen, limits), why=why)
    return _enter(failed, "failed", seen, why=why)


def _waiting(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """No hook: the next regular save will do. A hook that appears is asked."""
    if seen.hook and machine.wish is not None:
        return _enter(replace(machine, request=machine.wish.id), "saving", seen)
    found = seen.regular
    if found is not None and found.at > machine.since:
        return _enter(replace(machine, path=found.path, step=found.step), "proving", seen)
    if seen.told_to_end and seen.now - max(machine.since, seen.life) > max(limits.save, 10 * machine.save_seconds):
        return _fail(machine, seen, limits, "it was told to save and end, and did neither")
    late = seen.now - machine.since > limits.save
    if late and not seen.saves:
        return _fail(machine, seen, limits, NO_SAVES)
    if late and machine.wish is not None and machine.wish.unsaved:
        return _fail(machine, seen, limits, f"no regular save within {limits.save:.0f} s")
    return machine


def _proving(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """The checkpoint is looked at."""
    proof = seen.proof
    if proof is not None and proof.complete and proof.path:
        step_known = proof.step if proof.step is not None else machine.step
        return _proven(replace(machine, path=proof.path, step=step_known, proven=True), seen, limits)
    if seen.now - machine.since > limits.prove:
        return _fail(machine, seen, limits, f"not proven: {proof.why}" if proof is not None else "there is no complete checkpoint")
    return machine


def _proven(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """What follows a proof."""
    if machine.wish is not None and machine.wish.goal == "save":
        return _enter(machine, "saved", seen)
    if veto_seconds(machine, limits) > 0 and not machine.veto_over:
        return _enter(replace(machine, veto=veto_seconds(machine, limits)), "veto", seen)
    return _end(machine, seen, limits)


def _veto(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """A person may still say no. At the end the checkpoint is looked at once more; after a long veto there is a newer one."""
    if seen.now - machine.since < machine.veto or machine.wish is None:
        return machine
    over = replace(machine, veto_over=True)
    if machine.wish.proof == "none" or not machine.veto:
        return _end(over, seen, limits)
    if machine.request and is_long(machine):
        return _enter(replace(over, request=f"{machine.wish.id}-2", holding=False, proven=False), "saving", seen)
    return _enter(over, "proving", seen)


def veto_seconds(machine: Machine, limits: Limits) -> float:
    """How long a stop may be called off: a person who confirmed it does not wait for other people, and a deadline for nobody."""
    wish = machine.wish
    if wish is not None and (wish.cause == "person" or wish.deadline):
        return 0.0
    return LONG_VETO if limits.attended else limits.veto


def is_long(machine: Machine) -> bool:
    """Whether training goes on during the veto."""
    return machine.veto > LONG_VETO


def _end(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """Stop the job now."""
    leaves = (limits.leave and machine.holding) or seen.told_to_end
    return _enter(machine, "leaving" if leaves else "terminating", seen)


def _leaving(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """The script was told to end by itself."""
    if seen.ended:
        return _enter(machine, "stopped", seen, why=seen.own_end)
    return _enter(machine, "terminating", seen) if seen.now - machine.since > limits.grace else machine


def _terminating(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """SIGTERM was sent."""
    if seen.ended:
        return _enter(machine, "stopped", seen, why=seen.own_end)
    late = seen.now - machine.since - limits.grace
    if late <= 0:
        return machine
    if limits.kill_after is None:
        return _enter(machine, "stuck", seen, why=seen.left)
    return _enter(replace(machine, killed=True), "killing", seen) if late > limits.kill_after else machine


def _killing(machine: Machine, seen: Seen, limits: Limits) -> Machine:
    """SIGKILL was sent."""
    if seen.ended:
        return _enter(machine, "stopped", seen, why=seen.own_end)
    return _enter(machine, "stuck", seen, why=seen.left) if seen.now - machine.since > limits.kill else machine


def _stuck(machine: Machine, seen: Seen, _limits: Limits) -> Machine:
    """What was told to end still runs."""
    return _enter(machine, "stopped", seen, why=seen.own_end) if seen.ended else machine


def _stopped(machine: Machine, _seen: Seen, _limits: Limits) -> Machine:
    """The end."""
    return machine


STEPS: Mapping[str, Callable[[Machine, Seen, Limits], Machine]] = {
    "saving": _saving,
    "waiting": _waiting,
    "proving": _proving,
    "veto": _veto,
    "leaving": _leaving,
    "terminating": _terminating,
    "killing": _killing,
    "stuck": _stuck,
    "stopped": _stopped,
}


def _enter(machine: Machine, state: Name, seen: Seen, *, why: str = "") -> Machine:
    """The machine in another state."""
    return replace(machine, state=state, since=seen.now, why=why)


def _number(value: object) -> float:
    """A number out of a foreign file, 0 when it is none."""
    return float(value) if isinstance(value, int | float) and value >= 0 else 0.0


def _names(value: object) -> str:
    """The last parts of paths out of a foreign file."""
    return ", ".join(str(path).rpartition("/")[2] for path in value[:8]) if isinstance(value, list) else ""


def _step(ack: Mapping[str, Any]) -> int | None:
    """The step of an ack."""
    value = ack.get("step")
    return value if isinstance(value, int) else None


def to_json(machine: Machine) -> dict[str, Any]:
    """For state.json."""
    return asdict(machine)


def from_json(value: Mapping[str, Any]) -> Machine:
    """What `to_json` made; unknown keys are ignored. Raises TypeError or KeyError for anything else."""
    known = {name.name for name in fields(Machine)}
    kept = {name: part for name, part in value.items() if name in known}
    for name in ("wish", "next"):
        kept[name] = Wish(**kept[name]) if kept.get(name) else None
    machine = Machine(**kept)
    if machine.state not in STEPS and machine.state not in RESTING:
        raise KeyError(machine.state)
    return machine
