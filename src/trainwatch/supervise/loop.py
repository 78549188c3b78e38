"""The supervisor: one turn after the other, until the job is over or somebody asks it to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from trainwatch.engine.bulk import collector_paused
from trainwatch.engine.engine import Engine
from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.model.inputs import Input, Order, Sample
from trainwatch.model.snapshot import State
from trainwatch.rules import preset
from trainwatch.store import runfile, statefile
from trainwatch.store.create import check_ours
from trainwatch.store.lock import Lock
from trainwatch.store.rundir import RunDir
from trainwatch.store.views import Attendance
from trainwatch.supervise import aside, say, slurm, terms
from trainwatch.supervise import machine as stop
from trainwatch.supervise.carry import Carrier
from trainwatch.supervise.clock import SystemClock
from trainwatch.supervise.decide import Decider
from trainwatch.supervise.desk import Desk
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.growth import Growth
from trainwatch.supervise.intake import POLL, Intake
from trainwatch.supervise.job import Job
from trainwatch.supervise.machine import Limits, Machine, Seen, Wish
from trainwatch.supervise.outlook import Outlook
from trainwatch.supervise.publish import Ending, Publisher
from trainwatch.supervise.rest import LOOK, Rest

BRISK = frozenset({"saving", "proving", "leaving", "terminating", "killing"})
"""States that last for moments, in which no turn is left out. A veto, or the job's next regular save, may take hours."""

IDLE_LOOK = 0.5
"""Seconds between looks while nothing has happened for `IDLE_AFTER`."""

IDLE_AFTER = 60.0

GIVE_UP = 60.0
"""Seconds that a full disk may keep a supervisor whose job is over."""


class Supervisor:
    """One run, whose lock is held."""

    def __init__(
        self, run_dir: RunDir, clock: SystemClock, lock: Lock, *, sample: Callable[[float], Sample], asked_to_end: Callable[[], bool]
    ) -> None:
        """`sample` looks at the devices; `asked_to_end` says whether to leave the job alone. Raises NotReadableError, NotFoundError or DataFileError when run or preset cannot be read."""
        check_ours(run_dir.path)
        run = runfile.load(run_dir)
        self.dir, self.clock, self.run_file = run_dir, clock, run
        self.terms = terms.of(run)
        rules = preset.load(run.preset)
        self.engine = Engine(rules, run.info, stated=run.stated, formats=run.formats)
        self.diary = Diary(run_dir)
        self.intake = Intake(run_dir, sample=sample)
        self.growth = Growth(self.terms.words)
        self.job = Job(run_dir, run.info.sources, attached=self.terms.attached, job_id=run.info.job_id)
        standing = self.terms.may.save and _stands(rules)
        self.outlook = Outlook(
            run_dir, run, self.engine, self.job, clock=clock, diary=self.diary, standing=standing, hooked=self.terms.hooked
        )
        self.decider = Decider(self.diary, self.terms.may, unsaved=self.terms.unsaved, earlier=run_dir.earlier)
        self.horizon = self.terms.horizon(run.info.job_id)
        self.ending = slurm.Ending(run.info.job_id)
        self.desk = Desk(run_dir, run.info, self.terms, self.diary)
        self.carrier = Carrier(run_dir, run, self.terms.limits, job=self.job, outlook=self.outlook, diary=self.diary, lock=lock)
        self.publisher = Publisher(run_dir, self.terms.limits, zero=clock.now() - clock.monotonic())
        self.views = Attendance(run_dir)
        self.machine = Machine()
        self.asked_to_end = asked_to_end
        self.rest = Rest(run_dir, run.info.sources, clock, woken=asked_to_end)
        self._undone = True
        self._todo: list[Wish] = []
        self._trouble = ("", 0.0)

    def run(self) -> None:
        """Supervise until the job is over, or until asked to end."""
        self.recover(self.clock.now())
        while not self.asked_to_end() and not self._over(self.clock.now()):
            self.rest.begin_turn()
            self.turn(self.clock.now())
            self._pause(self.clock.now())
        now = self.clock.now()
        if self.asked_to_end():
            self.diary.note("asked_to_end", now)
        else:
            while not self.finish(self.clock.now()) and self.clock.now() - now < GIVE_UP:
                self.clock.sleep(1.0)
        self.intake.close()
        self.diary.close()

    def recover(self, now: float) -> None:
        """Fold again what earlier supervisors saw, and take up the stop machine where they left it."""
        followers = self._take_up(now)
        for item in self.intake.recorded():
            self.decider.gather(self.engine.feed(item), now)
            self.outlook.seen_before(item)
        self._follow(followers)
        self.diary.note("supervisor", now, pid=self.publisher.pid, state=self.machine.state)

    def turn(self, now: float) -> None:
        """Everything that may have happened since the last turn. A full disk ends the turn; nothing is lost or done unwritten."""
        try:
            self.diary.flush()
            for seen in self.outlook.look(now, self.machine, self.intake.size()):
                self.intake.add(seen)  # before the log: what was saved before a line was printed is known when the line is judged
            self._grow(now)
            self._fold(self.intake.arrived(now), now)
            self._decide(now)
            self._people(now)
            self._advance(now)
            if self.publisher.due(now):
                self._publish(self.machine, now)
            self._recover(now)
        except NotWrittenError as error:
            self._complain(str(error), now)

    def finish(self, now: float) -> bool:
        """Read the logs to their ends and say how it went; False when the disk refuses, and it has to be done again."""
        try:
            for seen in self.outlook.last_look(now, self.machine):
                self.intake.add(seen)
            self._fold(self.intake.final(now), now)
            code = self.job.exit_code()
            ending = Ending(self._last_state(code), code)
            self._publish(self.machine, now, ending)
            self.diary.note("ended", now, state=ending.state, exit_code=code)
            self.diary.flush()
        except NotWrittenError as error:
            self._complain(str(error), now)
            return False
        return True

    def _follow(self, kept: Mapping[str, Mapping[str, object]]) -> None:
        """Follow every log of the run that is not followed yet. `kept` is how far each was read."""
        run = self.engine.run
        for source in run.sources:
            if source not in self.intake.followers:
                attempt = max(self.run_file.attempt, run.attempt_of(source))
                self.intake.follow(source, self.terms.starts.get(source, 0), kept.get(source), attempt)

    def _take_up(self, now: float) -> dict[str, dict[str, object]]:
        """The machine as it was left; returns how far each log was read."""
        try:
            kept = statefile.load(self.dir)
            if kept is None:
                return {}
            self.machine = stop.from_json(kept.extra["machine"])
            return {name: dict(state) for name, state in kept.followers.items()}
        except (NotReadableError, KeyError, TypeError) as error:
            self.diary.note("state_damaged", now, why=f"state.json cannot be used, so the stop machine begins anew: {error!r}")
            return {}

    def _grow(self, now: float) -> None:
        """Take in logs that have come to the run."""
        for item in self.growth.look(self.engine.run, now):
            self.intake.add(item)
            self._fold(self.intake.drain(), now)
            self._follow({})

    def _fold(self, items: Iterable[Input], now: float) -> None:
        """Feed the engine."""
        with collector_paused():
            for item in items:
                self.decider.gather(self.engine.feed(item), now)

    def _decide(self, now: float) -> None:
        """Hand to the machine what the rules ask for."""
        if self.decider.pending:
            self._todo += self.decider.wishes(self.engine.board.alerts(), self.engine.curves.series)
        if self.horizon is not None and (due := self.horizon.wish(now, self.machine.save_seconds, ahead=self._ahead(now))) is not None:
            self._todo += self.decider.unknown([due])
        while self._todo:
            self._begin(self._todo[0], now)
            self.decider.done(self._todo.pop(0), now)

    def _people(self, now: float) -> None:
        """Take up requests."""
        for request in self.desk.open(now, self.machine.save_seconds, ahead=self._ahead(now)):
            op = "stop" if request.op == "preempt" else request.op
            self.intake.add(Order(now, request.id, op, request.who, request.reason))
            self._fold(self.intake.drain(), now)
            if request.op == "note":
                self.desk.close(request.id, now, f'noted: "{request.reason}"; the rules start again from here', 0)
            elif request.op == "cancel":
                self._cancel(request.id, request.who, now)
            else:
                wish = self.desk.wish(request, now)
                self._begin(wish, now)
                self.desk.taken(wish, now, self.machine, self.terms.limits)

    def _cancel(self, request: str, who: str, now: float) -> None:
        """Call off what can be called off, and what waits for its turn."""
        before = self.machine
        self._enter(stop.step(before, self._seen(now, cancel=who or "somebody"), self._limits), now)
        text = say.sentence(self.machine, self.terms.limits)
        if self.machine.state != "cancelled" or self.machine is before:
            self.desk.close(request, now, f"there is nothing that can be called off. {text}".strip(), say.LEFT_RUNNING)
            return
        if before.next is not None and before.next.order:
            self.desk.close(before.next.order, now, text, say.LEFT_RUNNING)
        self.desk.close(request, now, text, 0)

    def _begin(self, wish: Wish, now: float) -> None:
        self._enter(stop.begin(self.machine, wish, self._seen(now, begins=True)), now)

    def _advance(self, now: float) -> None:
        """Let the machine go as far as it can."""
        if self._undone:
            self._carry_out(now)
        self.carrier.again(self.machine, now)
        while (new := stop.step(self.machine, self._seen(now), self._limits)) != self.machine:
            self._enter(new, now)

    def _enter(self, new: Machine, now: float) -> None:
        """Another state: written first, then carried out, then told."""
        old = self.machine
        if new == old:
            return
        self._publish(new, now)
        self.machine = new
        if (new.state, new.request, new.wish) != (old.state, old.request, old.wish):
            if old.state == "saving" and (ack := self.outlook.answer(old)):
                answer = {name: ack.get(name) for name in ("status", "step", "path", "seconds", "rotated", "error")}
                self.diary.note("ack", now, request=old.request, **answer)
            told = say.stop_of(new, self.terms.limits)
            self.diary.note("machine", now, state=new.state, text=told.text, request=new.request, path=new.path, goal=told.goal)
            if new.proven and not old.proven and self.carrier.proof is not None:
                self.intake.add(self.outlook.asked_for(self.carrier.proof, new))
            self._undone = True
            self._carry_out(now)

    def _carry_out(self, now: float) -> None:
        """What the state stands for; again and again until the disk lets it be written."""
        self.carrier.enter(self.machine, now)
        self.desk.tell(self.machine, now, self.terms.limits)
        self._undone = False

    def _more(self, now: float) -> dict[str, object]:
        """What is told beside the run itself."""
        end = self.terms.ends_at if self.horizon is None else self.horizon.ends_at
        if end is None and (told := self.ending(now)) is not None:
            end = told - self._ahead(now)
        return {"notes": self.outlook.notes.now(), "ends_at": end}

    def _ahead(self, now: float) -> float:
        """Seconds by which the machine's clock is ahead of ours: it was set since we began."""
        return self.clock.wall() - now

    def _publish(self, machine: Machine, now: float, ending: Ending | None = None) -> None:
        self.publisher.write(machine, self.engine.snapshot(), self.intake.positions(), now, ending, more=self._more(now))

    @property
    def _limits(self) -> Limits:
        """The limits of the run, as things stand now.

        Ranks on several machines end by themselves first, because no signal of ours reaches them all. Who looks on may call a stop off,
        unless it was said how long that takes.
        """
        given = self.terms.limits
        attended = self.terms.veto_if_attended and self.views.anybody(self.clock.now())
        return replace(given, leave=given.leave or self.outlook.spread, attended=attended)

    def _seen(self, now: float, cancel: str = "", *, begins: bool = False) -> Seen:
        """The world, as far as the machine asks for it."""
        return self.outlook.seen(self.machine, now, proof=self.carrier.proof, left=self.carrier.left, cancel=cancel, begins=begins)

    def _over(self, now: float) -> bool:
        """Whether there is nothing left to supervise."""
        if not self.outlook.ended:
            return False
        trouble, since = self._trouble
        return now - since > GIVE_UP if trouble else self.machine.state in stop.RESTING | {"stopped"} and self.machine.next is None

    def _last_state(self, code: int | None) -> State:
        """The state in which the run ends."""
        if self.machine.state == "stopped":
            return "stopped"
        if self.terms.attached:
            return self.engine.snapshot().state
        return "lost" if code is None else "failed" if code else "done"

    def _complain(self, trouble: str, now: float) -> None:
        """Say once, in supervisor.log, what the disk refuses."""
        if not self._trouble[0]:
            self._trouble = (trouble, now)
            aside.say(trouble)

    def _recover(self, now: float) -> None:
        """Say that it can be written again, and why it could not be: a full disk swallowed the complaint too."""
        trouble, since = self._trouble
        if trouble:
            aside.say(f"it can be written again after {now - since:.0f} s; before: {trouble}")
        self._trouble = ("", 0.0)

    def _pause(self, now: float) -> None:
        """Wait for the next turn."""
        if self._trouble[0]:
            self.clock.sleep(1.0)
        elif self.machine.state in BRISK:
            self.clock.sleep(POLL)
        else:
            self.rest.wait(IDLE_LOOK if now - self.outlook.life > IDLE_AFTER else LOOK)


def _stands(rules: preset.Preset) -> bool:
    """Whether the preset asks that the best evaluation be saved."""
    return any(rule.kind.name == "best_unsaved" for rule in rules.rules)
