"""What the supervisor sees of the job beyond its log: ranks, checkpoints, the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainwatch.engine.engine import Engine
from trainwatch.model.clock import Clock
from trainwatch.model.inputs import CheckpointSeen, Input, Order
from trainwatch.model.snapshot import Snapshot
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.supervise import discover, tree
from trainwatch.supervise.control import Control
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.job import Job
from trainwatch.supervise.machine import Machine, Seen
from trainwatch.supervise.notes import Notes
from trainwatch.supervise.places import FOREIGN, named, outputs, within, working_directories
from trainwatch.supervise.watch import REST, Signature, Watch, signature

PERIOD = 1.0
"""Seconds between looks at what is dear to look at."""

MOST = 60.0
"""Seconds between looks through folders at most."""

SHARE, SHARE_OF_WAITING = 0.005, 0.05
"""Share of a processor that looking through folders may cost: a folder that takes long is looked at less often."""

REST_OF_WAITING = 1.0
"""Seconds without change after which a regular save is looked at that a stop waits for; nobody may have it open for writing either."""


class Outlook:
    """One job.

    `life` is when it last showed a sign of life, in Unix seconds; `ended` says that no process of it is left. `stands`: its hook carries
    out the standing order. `saving`: it is at a save. `rung`: it was asked to save in its own way,
    and `told_to_end`: to end after it.
    """

    def __init__(
        self, run_dir: RunDir, run: RunFile, engine: Engine, job: Job, *, clock: Clock, diary: Diary, standing: bool, hooked: bool
    ) -> None:
        """`standing` asks the hook to save at every best evaluation; `hooked`: it was put into the job."""
        self.control = Control(run_dir, run.info.id)
        self.watch = Watch(Path(run.cwd or "/"))
        self.ended = False
        self.life = 0.0
        self.stands = self.saving = self.spread = self.rung = self.told_to_end = False
        self._dir = run_dir
        self._command = run.info.command
        self._diary = diary
        self.notes = Notes(diary, hooked=hooked)
        self._engine = engine
        self._job = job
        self._clock = clock
        self._folders_at = 0.0
        self._turns = 0
        self._standing = standing
        self._order: tuple[str, str] | None = None
        self._looks = self._stood = False
        self._signs = (0, 0)
        self._changed = 0
        self._bests: set[str] = set()
        self._looked = 0.0
        self._hook = False
        self._lines = 0
        self._regular: CheckpointSeen | None = None
        self._old: dict[Path, Signature] = {}

    def seen_before(self, item: Input) -> None:
        """What an earlier supervisor fed is not told again."""
        if isinstance(item, CheckpointSeen):
            self._looks = True
            if item.path:
                self.watch.seen_before(item)
        if isinstance(item, Order) and item.op in ("standing", "attempt"):
            self._stood = item.op == "standing"

    def look(self, now: float, machine: Machine, read: int) -> Iterator[CheckpointSeen | Order]:
        """Look around; yields checkpoints that have come to rest, and that the hook has its standing order.

        `read` is how many bytes of the logs were read, a sign of life. Raises NotWrittenError when the standing order cannot be given.
        """
        if not self._looks:
            self._looks = True
            yield CheckpointSeen(now, "", None, complete=False)
        self.ended = self.ended or self._dir.exit.exists()
        yield from self._new_bests(now)
        if self.told_to_end and self.ended and not self._is_settled:
            self._turns += 1  # the log is read to its end in the first of them: it names the checkpoint
            yield from self._rested(now, machine, 0.0)
        if 0 <= now - self._looked < PERIOD:
            return
        self._looked = now
        self.ended = self.ended or self._job.ended()
        ranks = self.control.ranks()
        first = next((rank for rank in ranks if rank.rank == 0), None)
        self.notes.look(ranks, self.control.refused(), now)
        self._hook = first is not None and "save" in first.caps
        if first is not None:
            self.watch.world_size = first.world_size
        self.saving = first is not None and first.phase == "saving"
        self.spread = len({rank.host for rank in ranks}) > 1
        self._stand()
        self.stands = self._order is not None and first is not None and "standing" in first.caps
        signs = (read, sum(rank.changed for rank in ranks))
        if signs != self._signs:
            self._signs, self.life = signs, now
        if self.stands and not self._stood:
            self._stood = True
            yield Order(now, "standing", "standing", "trainwatch")
        if not 0 <= self._folders_at - now <= MOST:
            yield from self._folders(now, machine)

    def _folders(self, now: float, machine: Machine) -> Iterator[CheckpointSeen]:
        """Look through the folders, and say when to do it again: soon while a stop waits for the next save."""
        begun, waits = self._clock.monotonic(), machine.state == "waiting"
        yield from self._rested(now, machine, REST_OF_WAITING if waits else REST)
        self._folders_at = now + min((self._clock.monotonic() - begun) / (SHARE_OF_WAITING if waits else SHARE), MOST)

    def _rested(self, now: float, machine: Machine, rest: float) -> Iterator[CheckpointSeen]:
        """Checkpoints that have not changed for `rest` seconds."""
        self._name_folders(machine)
        for seen in list(self.watch.changes(now, rest=rest)):
            self._remember(seen)
            yield seen

    def last_look(self, now: float, machine: Machine) -> Iterator[CheckpointSeen]:
        """Every checkpoint not told yet: nobody writes any more."""
        yield from self._new_bests(now)
        self._name_folders(machine)
        yield from self.watch.changes(now, rest=0.0)

    def remember_old(self) -> None:
        """From here on only checkpoints that change count as the next regular save."""
        self._regular, self._folders_at = None, 0.0
        self.watch.world_size = self.watch.world_size or tree.missing(self._job.members())[1] or None
        self._old = {path: signature(path) for path in self.watch.candidates()}

    def asked_for(self, proof: CheckpointSeen, machine: Machine) -> CheckpointSeen:
        """A proof as an input of the fold; it is not told a second time."""
        seen = replace(proof, by="request") if machine.request else proof
        self.watch.seen_before(seen)
        return seen

    def snapshot(self) -> Snapshot:
        """The run as the engine sees it."""
        return self._engine.snapshot()

    def answer(self, machine: Machine) -> dict[str, Any]:
        """The job's answer to the machine's request. A checkpoint that lies where this job does not save is no answer to trust."""
        ack = self.control.answer(machine.request)
        path = ack.get("path")
        if ack.get("status") == "saved" and not (isinstance(path, str) and self._is_ours(path)):
            return {**ack, "status": "failed", "error": FOREIGN.format(path=path)}
        return ack

    def _is_ours(self, text: str) -> bool:
        """Whether a path lies, links followed, in the job's working directory or in a folder that it is known to save in."""
        self._name_output()
        pids = [rank.pid for rank in self.control.ranks() if rank.host == os.uname().nodename]
        places = [*self.watch.folders, *named(self._command, self.watch.cwd), *working_directories(pids)]
        return within(self.watch.cwd / text, places)

    def seen(self, machine: Machine, now: float, *, proof: CheckpointSeen | None, left: str, cancel: str, begins: bool) -> Seen:
        """The world as the machine takes it; `begins`: a wish is taken up."""
        return Seen(
            now=now,
            ended=self.ended and (self._is_settled or not self.told_to_end),
            hook=self._hook,
            ack=self.answer(machine) if machine.state == "saving" else {},
            life=self.life,
            proof=proof,
            saves=self._saves(),
            told_to_end=self.told_to_end,
            regular=self._regular,
            cancel=cancel,
            left=left,
            own_end=self._job.own_end(self._command) if self.ended else "",
            beyond=self._job.beyond() if begins or machine.next is not None else "",
        )

    @property
    def _is_settled(self) -> bool:
        """Whether what the job left at its end has been looked at."""
        return self._turns > 1

    def _saves(self) -> bool:
        """Whether the job has saved, has announced a save, says when it does, or was asked to in its own way."""
        facts = self._engine.facts
        told = facts.number("save_steps") is not None or (facts.text("save_strategy") or "no").rpartition(".")[2].lower() not in ("no", "")
        return bool(self.rung or told or self._old or self._regular or self._engine.saved)

    def _remember(self, seen: CheckpointSeen) -> None:
        """Whether this is a regular save that came since `remember_old`."""
        path = Path(seen.path)
        newest = self.watch.candidates()[-1:]
        if not seen.complete or newest != [path] or self._old.get(path) == signature(path):
            return
        if not discover.written_inside(self._job.members(), path):
            self._regular = seen

    def _new_bests(self, now: float) -> Iterator[CheckpointSeen]:
        """What the standing order has saved: the hook tells when it is whole, so nothing needs to come to rest."""
        changed = self.control.changed()
        if changed == self._changed:
            return
        self._changed = changed
        for best in self.control.bests():
            if best.path in self._bests:
                continue
            self._bests.add(best.path)
            if not self._is_ours(best.path):
                self._diary.note("refused", now, why=FOREIGN.format(path=best.path))
            else:
                self.notes.saved()
                self.watch.add_checkpoint(best.path, "standing")
                yield from self.watch.look_now(best.path, now)

    def _name_folders(self, machine: Machine) -> None:
        """Every place where checkpoints may appear, as far as configuration, log, hook and requests tell."""
        self._name_output()
        self.watch.add_checkpoint(machine.path, "request" if machine.request else "job")

    def _name_output(self) -> None:
        """Where the job says that it saves."""
        for folder in (self._engine.facts.text("output_dir") or "", *outputs(self._command)):
            self.watch.add_folder(folder)
        for line in self._engine.saved[self._lines :]:
            self.watch.add_checkpoint(line.path)
        self._lines = len(self._engine.saved)

    def _stand(self) -> None:
        """The standing order, and again when the metric is known better."""
        if not self._standing:
            return
        best = self._engine.board.best()
        order = ("eval_loss", "min") if best is None else (best.metric, best.direction)
        if order != self._order:
            self.control.stand(*order)
            self._order = order
