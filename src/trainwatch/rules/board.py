"""All rules of a preset over one run."""

from __future__ import annotations

import math
from collections.abc import Iterable

from trainwatch.model.block import Block
from trainwatch.model.criterion import CriterionStatus
from trainwatch.model.facts import Facts
from trainwatch.model.inputs import CheckpointSeen, Sample
from trainwatch.model.schedule import Schedule
from trainwatch.model.snapshot import Alert, Best, Evaluation, PhaseName, PhaseSpan
from trainwatch.model.verdict import Event, RuleStatus, Severity
from trainwatch.rules.axis import Axis
from trainwatch.rules.criteria.checklist import Checklist
from trainwatch.rules.disk import Disk
from trainwatch.rules.episode import Change, Episode, limited
from trainwatch.rules.history import History
from trainwatch.rules.kind import Judgement, Rule
from trainwatch.rules.phases import Phases
from trainwatch.rules.preset import Preset, RuleSpec
from trainwatch.rules.rewards import Rewards


class Seat:
    """A rule of the preset at work: its specification, its state, its episodes."""

    def __init__(self, spec: RuleSpec) -> None:
        self.spec = spec
        self.rule: Rule = spec.kind.make(spec.settings)
        self.episode = Episode(spec.confirm, spec.kind.clear_after)
        self.judge(self.rule.start())
        self.since: int | None = None
        self.last: int | None = None

    def judge(self, found: Judgement) -> list[Change]:
        """Take in a finding, on the ladder of the preset."""
        return self.episode.judge(limited(found, self.spec.ladder))

    def restart(self, why: str) -> list[Change]:
        """Forget everything that was seen."""
        self.rule = self.spec.kind.make(self.spec.settings)
        changes = self.episode.restart(why)
        self.judge(self.rule.start())
        return changes

    @property
    def phase(self) -> PhaseName | None:
        """The phase that the rule claims now."""
        kind, level = self.spec.kind, self.episode.level
        return kind.phase if level is not None and level >= kind.phase_from else None

    def hears(self, hook: str) -> bool:
        """Whether the kind listens to such inputs."""
        return getattr(type(self.rule), hook) is not getattr(Rule, hook)


class Board:
    """The rules of a preset, fed with what was read and seen. Equal inputs give equal events, however the records are cut into blocks."""

    def __init__(self, preset: Preset, facts: Facts) -> None:
        self.history = History(facts)
        self.seats = [Seat(spec) for spec in preset.rules]
        self._axis = Axis()
        self._disk = Disk()
        self._checklist = Checklist(preset.criteria, self.history)
        self._first: dict[str, Event] = {}
        self._phases = Phases()
        self._rewards = Rewards()
        self._heeding: dict[tuple[str, ...], list[tuple[int, Seat]]] = {}
        self._hearing = {
            hook: [(i, s) for i, s in enumerate(self.seats) if s.hears(hook)]
            for hook in (
                "evaluated",
                "records",
                "went_back",
                "noticed",
                "checkpoint",
                "progress",
                "arrived",
                "sampled",
                "tick",
                "restarted",
            )
        }

    # --- inputs -------------------------------------------------------------------------------------------------------------

    def observe(self, block: Block) -> list[Event]:
        """Judge records, in file order."""
        match block.kind:
            case "train" | "info":
                return [event for part, back in self._axis.split(block) for event in self._train(part, back=back)]
            case "eval":
                rows = len(block)
                singles = [block.row(i) for i in range(rows)] if rows > 1 else [block]
                return [event for single in singles for event in self._evaluation(single)]
            case "event":
                return [event for row in range(len(block)) for event in self._notice(block.row(row))]
            case _:
                return []

    def _train(self, block: Block, *, back: bool) -> list[Event]:
        """Take in train or info records, whose steps only rise."""
        if back:
            anew = self.history.go_back(block.columns["step"][0], self._axis.first, self._axis.newest)
            self._rewards.go_back(anew=anew)
            self._checklist.go_back(block.columns["step"][0], anew=anew)
            for _, seat in self._hearing["went_back"]:
                seat.rule.went_back(anew=anew)
        self._axis.move(block)
        self.history.train(block)
        if self.history.profile:
            self._rewards.observe(block)
        self._checklist.observe(block)
        return self._records(block)

    def _records(self, block: Block) -> list[Event]:
        """Ask the rules that look at every record; events in the order of the rows."""
        found = [
            (row, i, change)
            for i, seat in self._heeded(block)
            for row, judgement in seat.rule.records(block, self.history)
            for change in seat.judge(judgement)
        ]
        if len(found) > 1:
            found.sort(key=lambda x: x[:2])
        return [self._event(self.seats[i], change, block, row) for row, i, change in found]

    def _heeded(self, block: Block) -> list[tuple[int, Seat]]:
        """The rules that want to see records of this kind with these columns."""
        shape = (block.kind, *block.columns)
        if shape not in self._heeding:
            self._heeding[shape] = [(i, s) for i, s in self._hearing["records"] if s.rule.heeds(block.kind, block.columns)]
        return self._heeding[shape]

    def _evaluation(self, block: Block) -> list[Event]:
        """Take in one evaluation and ask every rule that judges them."""
        is_point = self.history.evaluate(block)
        self._checklist.observe(block)
        events = self._records(block)
        if is_point:
            found = [(s, s.rule.evaluated(self.history)) for _, s in self._hearing["evaluated"]]
            events += [event for seat, judgement in found for event in self._judged(seat, judgement, block)]
            held = [s for s in self.seats if s.episode.level is not None and not s.spec.beside]
            self._phases.mark(self.history, [phase for s in held if (phase := s.phase) is not None])
        return events

    def _notice(self, block: Block) -> list[Event]:
        """An event that stands in the log."""
        return [e for _, s in self._hearing["noticed"] for e in self._judged(s, s.rule.noticed(block, self.history), block)]

    def checkpoint(self, seen: CheckpointSeen) -> list[Event]:
        """A checkpoint was looked at. Any such input also says that somebody looks, even one without a step."""
        self._disk.see(seen)
        return self._outside(((s, s.rule.checkpoint(seen, self.history)) for _, s in self._hearing["checkpoint"]), seen.at)

    def progress(self, step: int, at: float) -> list[Event]:
        """The newest progress marker after bytes that arrived at `at` (Unix seconds)."""
        return self._outside(((s, s.rule.progress(step, at)) for _, s in self._hearing["progress"]), at)

    def arrived(self, size: int, at: float, *, read: bool) -> list[Event]:
        """`size` bytes arrived at `at` (Unix seconds), and were handed over as far as they could be `read`."""
        return self._outside(((s, s.rule.arrived(size, at, read=read)) for _, s in self._hearing["arrived"]), at)

    def sample(self, sample: Sample) -> list[Event]:
        """The devices were looked at."""
        return self._outside(((s, s.rule.sampled(sample)) for _, s in self._hearing["sampled"]), sample.at)

    def tick(self, now: float) -> list[Event]:
        """It is now `now`, in Unix seconds."""
        return self._outside(((s, s.rule.tick(now)) for _, s in self._hearing["tick"]), now)

    def restarted(self, at: float) -> list[Event]:
        """The job is started again, at `at` in Unix seconds: it has done no step yet."""
        return self._outside(((s, s.rule.restarted()) for _, s in self._hearing["restarted"]), at)

    def note(self, text: str, at: float) -> list[Event]:
        """A person says that the run is another one from here on, at `at` in Unix seconds: rules that judge how training goes start again."""
        self._phases.begin_again(self.history)
        self._rewards.begin_again()
        self.history.begin_again()
        self._checklist.begin_again()
        why = f'a note starts the rules again: "{text}"'
        seats = [s for s in self.seats if not s.spec.kind.lasting]
        events = [self._event(s, change, self.history.newest, -1, at) for s in seats for change in s.restart(why)]
        looking = [s for s in seats if s.hears("checkpoint")]
        for seen in self._disk.seen():
            events += self._outside(((s, s.rule.checkpoint(seen, self.history)) for s in looking), at)
        return events

    # --- events -------------------------------------------------------------------------------------------------------------

    def _outside(self, found: Iterable[tuple[Seat, Judgement | None]], at: float) -> list[Event]:
        """Events caused by something that no record stands for: they carry the newest record."""
        return [event for seat, judgement in found for event in self._judged(seat, judgement, self.history.newest, at)]

    def _judged(self, seat: Seat, judgement: Judgement | None, block: Block | None, at: float | None = None) -> list[Event]:
        if judgement is None:
            return []
        return [self._event(seat, change, block, -1, at) for change in seat.judge(judgement)]

    def _event(self, seat: Seat, change: Change, block: Block | None, row: int, at: float | None = None) -> Event:
        """A change as the world hears of it."""
        spec, verdict = seat.spec, change.judgement.verdict
        row = row if row >= 0 or block is None else len(block) - 1
        step = block.step(row) if block is not None else None
        if change.verdict == "fired":
            seat.since = seat.since if change.episode == seat.last else step
            seat.last = change.episode
        number = len(self.history.evaluations) - 1
        event = Event(
            rule=spec.name,
            kind=spec.kind.name,
            verdict=change.verdict,
            severity=change.severity,
            episode=change.episode,
            why=verdict.why,
            step=step,
            epoch=block.epoch(row) if block is not None else None,
            source=block.source if block is not None else "",
            attempt=block.attempt if block is not None else 1,
            line=block.line(row) if block is not None else 0,
            evidence=verdict.evidence,
            change=verdict.change,
            action=spec.ladder.get(change.severity, "notify") if change.verdict == "fired" else "notify",
            proof=spec.proof,
            at=at if at is not None else (block.seen_at if block is not None else math.nan),
            eval_index=number if number >= 0 else None,
        )
        if event.verdict == "fired":
            self._first.setdefault(event.rule, event)
        return event

    # --- what stands --------------------------------------------------------------------------------------------------------

    def statuses(self) -> tuple[RuleStatus, ...]:
        """Every rule with its newest verdict, in the order of the preset; those for another kind of run are left out."""
        seats = [s for s in self.seats if s.spec.profile in ("", self.history.profile)]
        return tuple(RuleStatus(s.spec.name, s.spec.kind.name, s.episode.verdict, s.episode.needs) for s in seats)

    def alerts(self) -> tuple[Alert, ...]:
        """The rules that hold now, the worst first."""
        newest = self.history.newest
        step = newest.step(len(newest) - 1) if newest is not None else None
        found = [_alert(s, s.episode.level, step) for s in self.seats if s.episode.level is not None]
        return tuple(sorted(found, key=lambda a: -a.severity))

    def criteria(self, *, over: bool) -> tuple[CriterionStatus, ...]:
        """The success criteria of the preset; `over` says that the run has ended."""
        outcomes = {s.spec.name: s.episode.verdict.outcome for s in self.seats}
        return self._checklist.statuses(self._first, outcomes, over=over)

    def schedule(self) -> Schedule | None:
        """What the printed learning rates follow; None when none was printed. Worked out when asked for."""
        return self.history.schedule.summary()

    def phases(self) -> tuple[PhaseSpan, ...]:
        """The run in phases; one at least once a record was read."""
        return self._rewards.spans() if self._rewards.known else self._phases.spans(self.history)

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """Every evaluation that holds the primary metric, in the order read."""
        return tuple(self.history.evaluations)

    def best(self) -> Best | None:
        """The best evaluation; None before the first."""
        return self.history.published()

    def saved_best(self) -> tuple[CheckpointSeen, float] | None:
        """The complete checkpoint whose step was evaluated best, with that value; None when there is none."""
        return self._disk.best(self.history)


def _alert(seat: Seat, severity: Severity, step: int | None) -> Alert:
    """A rule that holds, as views see it."""
    spec, verdict, number = seat.spec, seat.episode.verdict, seat.episode.number
    action = spec.ladder.get(severity, "notify")
    return Alert(spec.name, severity, verdict.why, verdict.change, seat.since, step, number, verdict.evidence, action)
