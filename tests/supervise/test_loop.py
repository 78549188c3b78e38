"""The supervisor in this process, with a clock of its own and a job that is only files."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.supervise.trainer import checkpoint, put

from trainwatch.model.errors import NotWrittenError
from trainwatch.model.inputs import Sample
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.target import Target
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store import requests
from trainwatch.store.arrivals import Arrivals
from trainwatch.store.create import create
from trainwatch.store.lock import Lock, start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile
from trainwatch.supervise.clock import SystemClock
from trainwatch.supervise.loop import Supervisor
from trainwatch.supervise.may import May
from trainwatch.supervise.rest import Rest
from trainwatch.supervise.terms import Terms

NOW = 1_795_000_000.0


class Clock(SystemClock):
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.at, self.set_by = NOW, 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self.at

    def wall(self) -> float:
        """Unix seconds, on a clock that somebody sets by `set_by`."""
        return self.at + self.set_by

    def monotonic(self) -> float:
        """Seconds."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds


class World:
    """A run directory, a log, a job that is this very process."""

    def __init__(self, folder: Path, may: May) -> None:
        self.log = folder / "train.out"
        self.log.touch()
        self.dir: RunDir = create("t", now=NOW, log=self.log, environ={})
        info = RunInfo("t-1", "t", (str(self.log),), ("python", "train.py"), os.uname().nodename, str(self.dir.path), supervised=True)
        RunFile(info, stated={"total_steps": 100.0, "eval_steps": 10.0}, cwd=str(folder), extra=Terms(may).extra()).save(self.dir)
        self.me = {"pid": os.getpid(), "ticks": start_ticks(os.getpid())}
        put(self.dir.job, {"shim": self.me, "launcher": {"pid": 0, "ticks": 0}})
        self.clock = Clock()
        self.lock = Lock(self.dir.lock)
        self.lock.acquire()
        self.supervisor = self.another()

    def fresh(self) -> Supervisor:
        """A supervisor that knows nothing yet."""
        return Supervisor(self.dir, self.clock, self.lock, sample=lambda now: Sample(now, reason="no driver"), asked_to_end=lambda: False)

    def another(self) -> Supervisor:
        """A supervisor that has taken up the run."""
        new = self.fresh()
        new.recover(self.clock.now())
        return new

    def hook(self, **more: Any) -> None:
        """The hook announces itself."""
        rank = {"rank": 0, **self.me, "host": os.uname().nodename, "caps": ["save", "hold", "standing"], "step": 1, **more}
        put(self.dir.ranks / "rank0.json", rank)

    def write(self, *evaluations: float, first: int = 1) -> None:
        """Evaluations in the log, with a train loss before each."""
        with self.log.open("a", encoding="utf-8") as file:
            for epoch, value in enumerate(evaluations, first):
                file.write(
                    f"{{'loss': {2.0 / epoch}, 'epoch': {epoch}.0, 'step': {10 * epoch}}}\n{{'eval_loss': {value}, 'epoch': {epoch}.0, 'step': {10 * epoch}}}\n"
                )

    def turn(self, times: int = 1) -> None:
        """So many turns, a second each."""
        for _ in range(times):
            self.clock.sleep(1.0)
            self.supervisor.turn(self.clock.now())

    def state(self) -> dict[str, Any]:
        """state.json."""
        return dict(json.loads(self.dir.state.read_text(encoding="utf-8")))

    def request(self) -> dict[str, Any]:
        """The request to the job; empty before there is one."""
        return dict(json.loads(self.dir.request.read_text(encoding="utf-8"))) if self.dir.request.exists() else {}

    def events(self) -> list[str]:
        """The names of all journal entries."""
        return [json.loads(line)["event"] for line in self.dir.journal.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A run that may be stopped by overfit."""
    return World(tmp_path, May(save=True, stop=frozenset({"overfit"})))


OVERFIT = (2.5, 2.0, 2.3, 2.6, 3.0, 3.5)


def test_watching_asks_nothing_of_the_job(tmp_path: Path) -> None:
    """Without --may nothing is written where the job could see it, whatever the rules say."""
    world = World(tmp_path, May())
    world.hook()
    world.write(*OVERFIT)
    world.turn(5)
    assert "rule" in world.events()
    assert list(world.dir.control.iterdir()) == []
    assert world.state()["machine"]["state"] == "idle"


def test_the_standing_order_is_given_at_once(world: World) -> None:
    """With --may save the hook is told to save every best evaluation, before there is any."""
    world.turn()
    order = json.loads(world.dir.standing.read_text(encoding="utf-8"))
    assert (order["run"], order["metric"], order["direction"]) == ("t-1", "eval_loss", "min")


def test_looking_and_the_standing_order_are_inputs_of_the_fold(world: World) -> None:
    """The rule on unsaved evaluations is not blind once somebody looks, and waits for the hook's own save; each is told once in a run."""
    world.turn(2)
    world.hook()
    world.turn(2)
    world.write(2.5)
    world.supervisor = world.another()
    world.turn(2)
    told = [line for line in world.dir.arrivals.read_text(encoding="utf-8").splitlines() if '"standing"' in line or ',"",null' in line]
    assert len(told) == 2
    status = {rule.rule: rule.verdict.outcome for rule in world.supervisor.engine.snapshot().rules}
    assert status["best_unsaved"] == "pending"


def test_a_rule_that_may_asks_once(world: World) -> None:
    """The request names run, operation and reason, and stands as it is while the job is silent."""
    world.hook()
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(3)
    request = world.request()
    assert (request["run"], request["op"], request["id"]) == ("t-1", "save_stop", "overfit.red.1")
    assert "eval_loss" in request["reason"]
    assert request["hold_s"] >= 60
    assert world.state()["state"] == "saving"


def test_a_restart_reads_the_arrivals_and_goes_on(world: World) -> None:
    """Another supervisor has the same evaluations and alerts, asks nothing anew, and reads on where the first one was."""
    world.hook()
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(2)
    before, machine, acted = world.supervisor.engine.snapshot(), world.supervisor.machine, world.events().count("acted")
    world.supervisor = world.another()
    world.turn(1)
    after = world.supervisor.engine.snapshot()
    assert (after.events, after.evaluations) == (before.events, before.evaluations)
    assert world.supervisor.machine == machine
    assert world.events().count("acted") == acted
    world.write(4.0, first=7)
    world.turn(1)
    assert len(world.supervisor.engine.snapshot().evaluations) == 7


def test_a_full_disk_delays_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While arrivals cannot be written nothing is folded and nobody is asked; afterwards everything is there, once."""
    world.hook()
    world.turn(2)
    real = Arrivals.write
    monkeypatch.setattr(Arrivals, "write", _full)
    world.write(*OVERFIT)
    world.turn(3)
    assert world.supervisor.engine.snapshot().evaluations == ()
    assert world.request() == {}
    monkeypatch.setattr(Arrivals, "write", real)
    world.turn(2)
    assert len(world.supervisor.engine.snapshot().evaluations) == 6
    assert world.request()["id"] == "overfit.red.1"
    assert len(world.another().engine.snapshot().evaluations) == 6


def test_when_the_disk_is_free_again_the_trouble_is_told(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """The log of the supervisor lies on the full disk too, so the complaint is repeated once it can be kept, and only once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Arrivals, "write", _full)
        world.write(*OVERFIT)
        world.turn(3)
    capfd.readouterr()
    world.turn(3)
    assert capfd.readouterr().out.count("before: disk: No space left on device") == 1


def test_no_state_no_act(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is asked only after the state is on disk; when the disk is free again it is asked."""
    world.hook()
    world.turn(2)
    with monkeypatch.context() as patch:
        patch.setattr("trainwatch.store.statefile.write_json", _full)
        world.write(*OVERFIT)
        world.turn(3)
        assert world.request() == {}
    world.turn(1)
    assert world.request()["id"] == "overfit.red.1"


def _full(*_: object) -> None:
    raise NotWrittenError("disk: No space left on device")


def test_a_checkpoint_at_rest_is_an_input(world: World) -> None:
    """What the configuration names as output_dir is looked at; a complete checkpoint reaches the fold and the arrivals."""
    world.log.write_text("output_dir = out\n", encoding="utf-8")
    checkpoint(world.log.parent / "out", 7)
    world.turn(6)
    assert [seen.step for seen in world.supervisor.engine.snapshot().checkpoints] == [7]
    assert [seen.step for seen in world.another().engine.snapshot().checkpoints] == [7]


def test_a_best_checkpoint_of_the_standing_order_is_seen_at_once(world: World) -> None:
    """The hook says when it is whole, so it is proven without waiting, and known as the standing order's."""
    world.turn(1)
    path = checkpoint(world.log.parent / "out", 30)
    put(world.dir.control / "best-30.json", {"step": 30, "value": 2.0, "path": str(path), "at": 0.0})
    world.turn(1)
    assert [(seen.step, seen.by, seen.complete) for seen in world.supervisor.engine.snapshot().checkpoints] == [(30, "standing", True)]


def test_an_unknown_hook_is_not_asked(world: World) -> None:
    """A rank file of a dead process is no hook: the next regular save is waited for."""
    world.hook(pid=2**22 + 1)
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(2)
    assert world.state()["machine"]["state"] == "waiting"
    assert world.request() == {}
    assert world.state()["state"] == "running"
    world.hook()
    world.turn(2)
    assert world.request()["op"] == "save_stop"


@pytest.mark.parametrize(("state", "fewest", "most"), [("idle", 8, 25), ("waiting", 8, 25), ("saving", 60, 110)])
def test_turns_are_rare_but_for_moments(world: World, monkeypatch: pytest.MonkeyPatch, state: str, fewest: int, most: int) -> None:
    """Ten seconds of watching, or of waiting for the job's own save, are a dozen turns; those of a save on request are a hundred."""
    if state == "saving":
        world.hook()
    world.turn(2)
    if state != "idle":
        world.write(*OVERFIT)
        world.turn(2)
    turns: list[float] = []
    supervisor, until, turn = world.supervisor, world.clock.at + 10, world.supervisor.turn

    def counted(now: float) -> None:
        turns.append(now)
        turn(now)

    monkeypatch.setattr(supervisor, "turn", counted)
    supervisor.asked_to_end = lambda: world.clock.at >= until
    supervisor.rest = Rest(world.dir, [str(world.log)], world.clock, woken=supervisor.asked_to_end)
    supervisor.run()
    assert world.state()["machine"]["state"] == state
    assert fewest <= len(turns) <= most


def test_a_damaged_state_file_is_told_and_survived(world: World) -> None:
    """state.json that makes no sense: the machine begins anew, the journal says so, the fold is whole."""
    world.write(*OVERFIT[:2])
    world.turn(2)
    world.dir.state.write_text("{", encoding="utf-8")
    assert len(world.another().engine.snapshot().evaluations) == 2
    assert "state_damaged" in world.events()


def test_requests_are_orders_of_the_fold(world: World) -> None:
    """What a person asks is an arrival like any other, and answered."""
    world.hook()
    world.turn(2)
    requests.ask(world.dir, requests.Request("r1", "save", "kim", world.clock.now()))
    world.turn(1)
    assert '"o"' in world.dir.arrivals.read_text(encoding="utf-8")
    answer = requests.answered(world.dir, "r1")
    assert answer is not None
    assert answer.accepted
    assert answer.exit_code is None
    put(world.dir.ack("r1"), {"id": "r1", "status": "failed", "error": "quota"})
    world.turn(1)
    last = requests.answered(world.dir, "r1")
    assert last is not None
    assert last.exit_code == 84
    assert "quota" in last.text


def test_silence_ticks_less_and_less(world: World) -> None:
    """An hour of silence is a few hundred ticks, not thousands: weeks of it fill no disk."""
    world.write(2.0)
    world.turn(3600)
    ticks = world.dir.arrivals.read_text(encoding="utf-8").count('["t"')
    assert 100 < ticks < 600


def test_the_end_is_the_last_word(world: World) -> None:
    """exit.json: the log is read to its end, a last line without a newline too, and the state says how it ended."""
    world.write(*OVERFIT[:2])
    world.turn(1)
    with world.log.open("a", encoding="utf-8") as file:
        file.write("{'eval_loss': 1.9, 'epoch': 3.0, 'step': 30}")
    put(world.dir.launcher_exit, {"code": 3})
    put(world.dir.exit, {"launcher": 3})
    world.supervisor = world.fresh()
    world.supervisor.run()
    state = world.state()
    assert (state["state"], state["exit_code"], state["final"]) == ("failed", 3, True)
    assert len(world.supervisor.engine.snapshot().evaluations) == 3


def test_a_hung_job_is_stopped_with_the_checkpoint_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence far beyond the usual step: nothing is asked of the job, its newest complete checkpoint is proven, then SIGTERM."""
    monkeypatch.setattr("trainwatch.supervise.aim.Aim.at", lambda *_, **__: [])
    world = World(tmp_path, May(save=True, stop=frozenset({"hang"})))
    world.hook()
    whole = checkpoint(tmp_path / "out", 10)
    checkpoint(tmp_path / "out", 20, cut=0)
    world.log.write_text("output_dir = out\n", encoding="utf-8")
    world.turn(4)
    for epoch in range(1, 40):
        world.write(2.0, first=epoch)
        world.turn(2)
    assert world.state()["machine"]["state"] == "idle"
    world.turn(4000)
    machine = world.state()["machine"]
    assert machine["state"] in ("terminating", "stuck")
    assert (machine["path"], machine["proven"]) == (str(whole), True)
    assert machine["wish"]["cause"] == "resume"
    assert "dossier" in world.events()
    assert json.loads(world.dir.hang.read_text(encoding="utf-8"))["why"] == machine["wish"]["why"]
    assert world.request() == {}


def test_ranks_on_several_machines_leave_by_themselves(world: World) -> None:
    """A signal reaches this machine only, so after the proof the script is told to end."""
    world.hook()
    put(world.dir.ranks / "rank1.json", {"rank": 1, "world_size": 2, "pid": 7, "ticks": 7, "host": "another", "caps": []})
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(2)
    request = world.request()["id"]
    put(world.dir.ack(request), {"id": request, "status": "saved", "step": 60, "path": str(checkpoint(world.log.parent / "out", 60))})
    world.turn(2)
    assert world.state()["machine"]["state"] == "leaving"
    assert json.loads(world.dir.release(request).read_text(encoding="utf-8"))["op"] == "leave"


def test_an_answer_that_names_a_foreign_checkpoint_is_refused(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A whole checkpoint that lies elsewhere, or behind a link that leads there, proves nothing; the reason stands in the journal."""
    foreign = checkpoint(tmp_path_factory.mktemp("elsewhere"), 60)
    link = world.log.parent / "out/checkpoint-60"
    link.parent.mkdir()
    link.symlink_to(foreign)
    put(world.dir.control / "best-60.json", {"step": 60, "value": 2.0, "path": str(link)})
    world.hook()
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(2)
    request = world.request()["id"]
    put(world.dir.ack(request), {"id": request, "status": "saved", "step": 60, "path": str(link)})
    world.turn(2)
    assert world.state()["machine"]["state"] == "failed"
    assert "lies outside" in world.state()["machine"]["why"]
    assert {"ack", "refused"} <= set(world.events())


def test_the_journal_tells_the_whole_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer, proof and what reached the disk stand between request and signal; what the job's rotation deleted is told."""
    monkeypatch.setattr("trainwatch.supervise.aim.Aim.at", lambda *_, **__: [])
    world.hook()
    world.turn(2)
    world.write(*OVERFIT)
    world.turn(2)
    request = world.request()["id"]
    whole = str(checkpoint(world.log.parent / "out", 60))
    put(world.dir.ack(request), {"id": request, "status": "saved", "step": 60, "path": whole, "rotated": ["/x/checkpoint-10"]})
    world.turn(2)
    events = world.events()
    assert events.index("ack") < events.index("proof") < events.index("settled")
    assert "rotation deleted checkpoint-10" in world.state()["stop"]["text"]


def test_a_note_starts_the_rules_again_live_and_on_replay(world: World) -> None:
    """It is answered and kept; a supervisor that comes later, and a report, judge as the live run did."""
    world.write(*OVERFIT[:5])
    world.turn(3)
    assert any(a.rule == "overfit" for a in world.supervisor.engine.board.alerts())
    requests.ask(world.dir, requests.Request("note-1", "note", "alice", world.clock.now(), "new data mix"))
    world.turn(2)
    answer = requests.answered(world.dir, "note-1")
    assert answer is not None
    assert (answer.exit_code, answer.text) == (0, 'noted: "new data mix"; the rules start again from here')
    world.write(3.2, 3.1, first=6)
    world.turn(2)

    live = world.supervisor.engine
    assert [e.why for e in live.events if (e.verdict, e.rule) == ("withdrawn", "overfit")] == [
        'a note starts the rules again: "new data mix"'
    ]
    assert [(n.text, n.who, n.step) for n in live.snapshot().notes] == [("new data mix", "alice", 50)]
    best = live.board.best()
    assert best is not None
    assert best.value == 3.1
    for other in (world.another().engine, fold_target(Target(run_dir=world.dir), preset=load("default"))):
        assert repr(other.events) == repr(live.events)
        assert repr(other.snapshot().phases) == repr(live.snapshot().phases)
        assert other.snapshot().notes == live.snapshot().notes
