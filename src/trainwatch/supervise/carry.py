"""Carries out what a state of the stop machine stands for. Everything here may be done twice."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

from trainwatch.checkpoints.resume import resume
from trainwatch.checkpoints.settle import settle
from trainwatch.model.inputs import CheckpointSeen
from trainwatch.store import journal
from trainwatch.store.files import write_json
from trainwatch.store.lock import Lock
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.supervise import dossier, say, slurm, tree
from trainwatch.supervise.aim import Aim
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.doorbell import doorbells, objection, ring
from trainwatch.supervise.job import Job
from trainwatch.supervise.machine import LONG_VETO, Limits, Machine, is_long
from trainwatch.supervise.outlook import Outlook
from trainwatch.supervise.processes import Proc, of_others, signal_all

AGAIN = 0.5
"""Seconds between looks for processes that appeared since the signal, and between proofs."""


class Carrier:
    """The hands of the machine. `proof` is how the last look at the checkpoint in question went."""

    def __init__(self, run_dir: RunDir, run: RunFile, limits: Limits, *, job: Job, outlook: Outlook, diary: Diary, lock: Lock) -> None:
        self._dir = run_dir
        self._run = run
        self._limits = limits
        self._job = job
        self._outlook = outlook
        self._control = outlook.control
        self._watch = outlook.watch
        self._diary = diary
        self._lock = lock
        self.proof: CheckpointSeen | None = None
        self.left = ""
        self._aim = Aim()
        self._signalled: set[tuple[int, int, int]] = set()
        self._looked = 0.0
        self._cancelled = False
        self._save_by = str(run.extra.get("save_by", ""))
        self._enter: dict[str, Callable[[Machine, float], None]] = {
            "saving": self._ask,
            "waiting": self._wait,
            "proving": self._prove,
            "veto": self._hold,
            "leaving": self._leave,
            "terminating": self._terminate,
            "killing": self._terminate,
            "stopped": self._conclude,
            "failed": self._let_go,
            "cancelled": self._let_go,
            "ended": self._write,
            "stuck": self._write,
        }

    def enter(self, machine: Machine, now: float) -> None:
        """Do what the state that was just entered, or found after a restart, stands for. Raises NotWrittenError."""
        self.proof = None
        effect = self._enter.get(machine.state)
        if effect is not None:
            effect(machine, now)

    def again(self, machine: Machine, now: float) -> None:
        """What a state goes on doing."""
        if now - self._looked < AGAIN:
            return
        if machine.state == "proving":
            self._prove(machine, now)
        elif machine.state in ("terminating", "killing", "leaving", "stuck"):
            self._signal(machine, now)

    def _ask(self, machine: Machine, now: float) -> None:
        wish = machine.wish
        if wish is not None:
            within = wish.deadline - now if wish.deadline else None
            self._control.ask(machine.request, stop=wish.goal == "stop", hold=self._hold_seconds(machine), reason=wish.why, within=within)

    def _wait(self, machine: Machine, now: float) -> None:
        self._outlook.remember_old()
        bell, wish = doorbells().get(self._save_by), machine.wish
        if bell is None or wish is None or not self._lock.held() or (bell.ends and wish.goal != "stop"):
            return
        if bell.ends and self._rang(wish.id):
            self._outlook.rung = self._outlook.told_to_end = True
            return
        why = objection(bell, self._job.members(), grace=self._limits.grace, save_seconds=machine.save_seconds) if bell.ends else ""
        if bell.ends and not why:
            self._diary.note("doorbell", now, name=bell.name, why="", request=wish.id)  # before it: it is rung once, whoever dies meanwhile
            self._diary.flush()
        why = why or ring(bell, self._watch.cwd, self._job.ranks({rank.pid for rank in self._control.ranks()}))
        self._outlook.rung, self._outlook.told_to_end = not why, bell.ends and not why
        if why or not bell.ends:
            self._diary.note("doorbell", now, name=bell.name, why=why)

    def _rang(self, request: str) -> bool:
        """Whether a doorbell that ends the job was rung for this request, by us or by a supervisor before us."""
        return any(entry.get("event") == "doorbell" and entry.get("request") == request for entry in journal.read(self._diary.path))

    def _hold_seconds(self, machine: Machine) -> float:
        """How long ranks wait for our word: the longest veto that they hold for, and time for proof and signal that grows with the size of a save."""
        return LONG_VETO + max(self._limits.hold, 2 * machine.save_seconds)

    def _prove(self, machine: Machine, now: float) -> None:
        """Look at the checkpoint of the wish."""
        self._looked = now
        wish = machine.wish
        if machine.path:
            self.proof = self._watch.judge(Path(machine.path), now)
        elif wish is not None and wish.proof == "existing":
            self.proof = self._watch.newest_complete(now, wish.before)
        if self.proof is not None:
            seen = self.proof
            self._diary.note("proof", now, path=seen.path, complete=seen.complete, why=seen.why, step=seen.step, size=seen.size)
            if seen.complete and wish is not None and wish.goal == "stop":
                self._settle(Path(seen.path), now)

    def _settle(self, path: Path, now: float) -> None:
        """Get the checkpoint onto the disk, so that a node that crashes after the stop does not lose it. The stop does not depend on it."""
        told = settle(path, within=self._limits.settle)
        self._diary.note("settled", now, path=str(path), files=told.files, total=told.total, why=told.why)

    def _hold(self, machine: Machine, _now: float) -> None:
        """In a long veto training goes on."""
        if machine.holding and is_long(machine):
            self._control.release(machine.request, "go_on")

    def _leave(self, machine: Machine, now: float) -> None:
        self._stay_away(machine, now)
        if machine.request:
            self._control.release(machine.request, "leave")

    def _terminate(self, machine: Machine, now: float) -> None:
        self._signalled.clear()
        if machine.state == "terminating":
            self._aim = Aim()
        self._stay_away(machine, now)
        if machine.wish is not None and (machine.wish.cause, machine.wish.proof) == ("resume", "existing"):
            self._gather(machine.wish.why, now)
        self._signal(machine, now)

    def _gather(self, why: str, now: float) -> None:
        """Keep what a hung job looks like. Once: after a signal there is nothing left to be seen. Raises NotWrittenError."""
        if self._dir.hang.exists():
            return
        look, ranks = self._outlook.snapshot(), self._control.ranks()
        found = dossier.gather(self._job.members(), ranks, tail=look.tail, sample=look.sample, why=why, now=now, parts=self._run.info.parts)
        write_json(self._dir.hang, found)
        self._diary.note("dossier", now, path=str(self._dir.hang), ranks=len(found["ranks"]), behind=found["behind"])

    def _stay_away(self, machine: Machine, now: float) -> None:
        """A job that is stopped for good must not be put into the queue again."""
        if self._job.slurm and say.stopped_code(machine) != say.TO_BE_RESUMED:
            self._diary.note("no_requeue", now, job=self._job.slurm, done=slurm.forbid_requeue(self._job.slurm))

    def _is_elsewhere(self, job: list[Proc]) -> bool:
        """Whether no signal of ours reaches the whole job. One that has just ended has no processes either, and is not elsewhere."""
        never_here = self._job.attached and not job and not self._signalled
        return never_here or self._outlook.spread or self._job.on_other_nodes(job)

    def _cancel_elsewhere(self, now: float) -> None:
        """Processes of the job are on other machines: Slurm ends them all, after the proof and once."""
        if not self._cancelled:
            self._cancelled = True
            self._diary.note("scancel", now, job=self._job.slurm, done=slurm.cancel(self._job.slurm))

    def _signal(self, machine: Machine, now: float) -> None:
        """Signal everybody who was not yet signalled, all at once; remember who is left."""
        self._looked = now
        job, hooked = self._job.members(), {rank.pid for rank in self._control.ranks()}
        left = [f"{proc.title} (pid {proc.pid}, {proc.state})" for proc in tree.recognised(job, hooked=hooked)[:8]]
        self.left = ", ".join(left) or "processes that are not ours to end"
        number = {"terminating": signal.SIGTERM, "killing": signal.SIGKILL}.get(machine.state)
        if number is None or not self._lock.held():
            return
        if self._job.slurm and self._is_elsewhere(job):
            self._cancel_elsewhere(now)
            return
        targets = self._ours(self._aim.at(job, hooked=hooked, root=self._job.root()))
        # One that became another program since it was looked at is not reached; the next look finds it as what it is.
        reached = signal_all([proc for proc in targets if _mark(proc, number) not in self._signalled], number)
        if not reached:
            return
        self._signalled |= {_mark(proc, number) for proc in reached}
        self._diary.note("signal", now, signal=number.name, pids=[proc.pid for proc in reached], names=[proc.title for proc in reached])

    def _ours(self, targets: list[Proc]) -> list[Proc]:
        """Without what runs as another user in a job that somebody else started, unless that was asked for."""
        if not self._job.attached or self._run.extra.get("any_user"):
            return targets
        others = of_others(targets)
        return [proc for proc in targets if proc not in others]

    def _let_go(self, machine: Machine, now: float) -> None:
        """Ranks that hold, or will when they get to it, go on."""
        if machine.request and machine.wish is not None and machine.wish.goal == "stop":
            self._control.release(machine.request, "go_on")
        self._write(machine, now)

    def _conclude(self, machine: Machine, now: float) -> None:
        """Look at the newest folder again, and say how to go on."""
        torn = self._torn_after(machine, now)
        again = ""
        if machine.proven:
            again = str(resume(self._run.info.command, self._watch.judge(Path(machine.path), now), self._watch.cwd))
        write_json(self._dir.stop, say.record(machine, self._limits, torn=torn, resume=again))
        self._diary.note("stopped", now, exit_code=say.exit_code(machine), torn=torn, resume=again)

    def _torn_after(self, machine: Machine, now: float) -> list[str]:
        """Checkpoints newer than the proven one that are not complete; where none is proven, all that are not."""
        paths = self._watch.candidates()
        if machine.proven:
            paths = paths[paths.index(Path(machine.path)) + 1 :] if Path(machine.path) in paths else []
        return [str(path) for path in paths if not self._watch.judge(path, now).complete]

    def _write(self, machine: Machine, _now: float) -> None:
        write_json(self._dir.stop, say.record(machine, self._limits, torn=[], resume=""))


def _mark(proc: Proc, number: int) -> tuple[int, int, int]:
    """A process and what it was sent."""
    return proc.pid, proc.ticks, number
