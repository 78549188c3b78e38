"""A batch job that Slurm runs again: the same script, the same job, another attempt."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.live import TRAINER, Live, wait_for
from tests.supervise.test_loop import NOW, OVERFIT, World

from trainwatch.engine.engine import Engine
from trainwatch.replay.target import Target
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store import openrun, runfile
from trainwatch.store.create import create
from trainwatch.store.lock import Lock
from trainwatch.store.rundir import RunDir
from trainwatch.supervise import requeue
from trainwatch.supervise.may import May

FIRST = {"SLURM_JOB_ID": "7471"}
AGAIN = {**FIRST, "SLURM_RESTART_COUNT": "1"}
HOURS = 7200.0
"""Seconds for which the job waits in the queue."""


@pytest.fixture
def old(tmp_path: Path) -> World:
    """A run in a batch job that may be stopped by overfit or a hang: six evaluations, the second one the best, then Slurm ends it all."""
    world = World(tmp_path, May(save=True, stop=frozenset({"overfit", "hang"})))
    mark(world.dir, FIRST)
    world.hook()
    world.write(*OVERFIT[:3])
    world.turn(3)
    world.write(*OVERFIT[3:], first=4)
    world.turn(2)
    return world


def mark(run_dir: RunDir, environ: dict[str, str]) -> None:
    """Say in run.json which batch job the run is."""
    run = runfile.load(run_dir)
    extra = {**run.extra, **requeue.said(environ)}
    replace(run, info=replace(run.info, job_id=environ["SLURM_JOB_ID"]), extra=extra).save(run_dir)


def killed(world: World) -> None:
    """Nobody supervises the run any more: its supervisor was asked to end."""
    world.supervisor.intake.close()
    world.lock.release()


def requeued(world: World, environ: dict[str, str] = AGAIN) -> tuple[int, str]:
    """The world in its next attempt: another run directory, the same log. Returns what `begin` told."""
    world.clock.sleep(HOURS)
    run, starts = runfile.load(world.dir), {str(world.log): world.log.stat().st_size}
    world.dir = create("t", now=world.clock.now(), log=world.log, environ={})
    told = requeue.begin(world.dir, "t", starts, now=world.clock.now(), environ=environ)
    replace(run, extra={**run.extra, "starts": starts, **requeue.said(environ)}, attempt=told[0]).save(world.dir)
    world.lock = Lock(world.dir.lock)
    world.lock.acquire()
    world.supervisor = world.another()
    return told


def attempts(engine: Engine) -> list[tuple[int, int]]:
    """(number, records) of every attempt."""
    return [(attempt.number, attempt.records) for attempt in engine.snapshot().attempts]


@pytest.mark.parametrize("truncates", [False, True], ids=["appended", "truncated"])
def test_the_next_attempt_goes_on_with_all_that_was_seen(old: World, *, truncates: bool) -> None:
    """Best, evaluations and time are those of all attempts, also where the requeue emptied the log; the report folds the same."""
    killed(old)
    if truncates:
        old.log.write_bytes(b"")
    before = old.dir.path.name
    assert requeued(old) == (2, before)
    old.write(2.4, 2.2, first=3)
    old.turn(3)
    engine = old.supervisor.engine
    assert attempts(engine) == [(1, 12), (2, 4)]
    best = engine.board.best()
    assert best is not None
    assert (best.value, best.step) == (2.0, 20)
    assert [e.value for e in engine.board.evaluations] == [*OVERFIT, 2.4, 2.2]
    target = fold_target(Target(run_dir=old.dir), preset=load("default"))
    assert attempts(target) == attempts(engine)
    assert target.board.best() == best


def test_what_nobody_saw_belongs_to_the_attempt_that_printed_it(old: World) -> None:
    """The supervisor was ended a moment before the job: its last lines are read, and are not the next attempt's."""
    killed(old)
    old.write(3.6, first=7)
    requeued(old)
    old.write(2.1, first=3)
    old.turn()
    assert attempts(old.supervisor.engine) == [(1, 14), (2, 2)]


def test_a_wait_in_the_queue_is_no_hang(old: World) -> None:
    """Hours without a step lie between the attempts: they are no silence of the job, which has done no step yet."""
    killed(old)
    requeued(old)
    old.turn(3)
    rules = {status.rule: status for status in old.supervisor.engine.board.statuses()}
    assert rules["hang"].verdict != "fired"
    assert old.state()["machine"]["state"] == "idle"
    assert old.state()["state"] == "running"


def test_what_was_acted_on_is_not_acted_on_again(old: World) -> None:
    """A stop that was carried out in one attempt is not asked of the next one; nor does a later supervisor of it ask again."""
    acted = [entry["key"] for entry in entries(old.dir.journal) if entry["event"] == "acted"]
    assert any(key.startswith("overfit/") for key in acted)
    killed(old)
    requeued(old)
    old.turn(3)
    assert "acted" not in old.events()
    assert "rule" not in old.events()
    old.supervisor = old.another()
    old.turn(3)
    assert attempts(old.supervisor.engine) == [(1, 12)]
    assert "acted" not in old.events()


def test_a_third_attempt_knows_of_the_first(old: World) -> None:
    """Each attempt hands on what it took over."""
    killed(old)
    requeued(old)
    old.write(2.4, 2.2, first=3)
    old.turn(3)
    killed(old)
    before = old.dir.path.name
    assert requeued(old, {**FIRST, "SLURM_RESTART_COUNT": "2"}) == (3, before)
    old.write(1.9, first=5)
    old.turn(2)
    assert attempts(old.supervisor.engine) == [(1, 12), (2, 4), (3, 2)]
    assert any(entry["event"] == "acted" for entry in entries(old.dir.earlier))


def test_a_run_that_was_killed_is_over_once_its_next_attempt_begins(old: World) -> None:
    """Slurm kills what would have said so: the name of the run means the attempt that goes on."""
    killed(old)
    before = old.dir
    assert not openrun.ended(before)
    requeued(old)
    assert openrun.ended(before)
    mark(old.dir, AGAIN)
    assert openrun.find("t", {}, old.log) == old.dir


@pytest.mark.parametrize(
    "environ", [{}, FIRST, {"SLURM_RESTART_COUNT": "1"}, {"SLURM_JOB_ID": "7472", "SLURM_RESTART_COUNT": "1"}], ids=str
)
def test_any_other_launch_is_a_run_of_its_own(old: World, environ: dict[str, str]) -> None:
    """Outside of Slurm, the first time, and in another job."""
    killed(old)
    assert requeue.earlier("t", old.log, environ) is None
    assert requeue.earlier("t", old.log, AGAIN) == old.dir


def test_a_run_that_cannot_be_told_is_not_taken_over(old: World) -> None:
    """One that is supervised still, one of another name, one of several of a name, and the second launch of a script that was requeued."""
    assert requeue.earlier("t", old.log, AGAIN) is None
    killed(old)
    assert requeue.earlier("u", old.log, AGAIN) is None
    other = create("t", now=NOW + 5, log=old.log, environ={})
    run = runfile.load(old.dir)
    run.save(other)
    assert requeue.earlier("t", old.log, AGAIN) is None
    mark(other, AGAIN)
    assert requeue.earlier("t", old.log, AGAIN) is None


def test_a_job_is_started_although_nothing_can_be_taken_over(old: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the attempt is a run of its own, and holds no half of another."""
    killed(old)

    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert requeued(old) == (1, "")
    assert not old.dir.earlier.exists()
    old.write(2.4, first=7)
    old.turn(2)
    assert attempts(old.supervisor.engine) == [(1, 2)]


def test_launch_in_a_requeued_batch_script(tmp_path: Path) -> None:
    """The second launch says whose attempt it is, continues the log, and its report tells both attempts."""
    live = Live(tmp_path, FIRST)
    words = ["--name", "t", "--log", "t.out", "--append", "--", "python", str(TRAINER), "--flat", "--steps", "30", "--pause", "0"]
    first = live.run("launch", "--detach", *words)
    assert first.returncode == 0, first.stderr
    run_id = first.stdout.strip()
    assert live.run("wait", run_id).returncode == 0
    wait_for(lambda: not requeue.spawn.supervised(RunDir(tmp_path / ".trainwatch" / run_id)), "the end of the supervisor")
    again = Live(tmp_path, AGAIN)
    second = again.run("launch", "--detach", *words)
    assert f"attempt 2 of run {run_id}" in second.stderr
    assert again.run("wait", second.stdout.strip()).returncode == 0
    report = json.loads(again.run("report", second.stdout.strip(), "-f", "json").stdout)
    assert [(attempt["number"], attempt["step_start"], attempt["step_end"]) for attempt in report["attempts"]] == [(1, 1, 30), (2, 1, 30)]


def entries(path: Path) -> list[dict[str, Any]]:
    """A journal."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
