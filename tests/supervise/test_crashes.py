"""A supervisor may die between any two of its acts: whatever it was, the next one ends with one save, one proof, one stop."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.live import TRAINER, Live, Run

from trainwatch.model.inputs import Sample
from trainwatch.store.lock import Lock
from trainwatch.supervise import machine, say
from trainwatch.supervise.carry import Carrier
from trainwatch.supervise.clock import SystemClock
from trainwatch.supervise.decide import Decider
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.loop import Supervisor
from trainwatch.supervise.may import May
from trainwatch.supervise.publish import Publisher
from trainwatch.supervise.start import Plan, start

POINTS = [(Publisher, "write"), (Carrier, "enter"), (Diary, "note"), (Decider, "done")]


class Crash(BaseException):
    """The supervisor dies here."""


@pytest.fixture
def job(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A job under a real shim whose supervisor is this process."""
    monkeypatch.chdir(live.cwd)
    monkeypatch.setattr("trainwatch.supervise.spawn.supervisor_command", lambda _: ("true",))
    command = (sys.executable, str(TRAINER), "--pause", "0.002")
    plan = Plan(command, "crash", May(save=True, stop=frozenset({"overfit"})), machine.Limits(), log=live.cwd / "crash.out")
    started = start(plan, now=SystemClock().now(), environ=live.environ)
    yield Run(live, started.run_dir)
    started.shim.kill()
    started.shim.wait()


def supervise(run: Run) -> None:
    """One life of a supervisor."""
    lock = Lock(run.dir.lock)
    lock.acquire()
    try:
        Supervisor(run.dir, SystemClock(), lock, sample=lambda now: Sample(now, reason="none"), asked_to_end=lambda: False).run()
    finally:
        lock.release()


def dying(original: Callable[..., Any], lives: list[int], *, after: bool) -> Callable[..., Any]:
    """The same act, which is the last one in each of these lives: the n-th call of the life dies."""
    calls = [0]

    def act(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        last = bool(lives) and calls[0] == lives[0]
        if last and not after:
            calls[0] = 0
            del lives[0]
            raise Crash
        result = original(*args, **kwargs)
        if last:
            calls[0] = 0
            del lives[0]
            raise Crash
        return result

    return act


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), POINTS, ids=lambda part: getattr(part, "__name__", part))
def test_one_stop_wherever_the_supervisor_dies(job: Run, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: bool) -> None:  # noqa: FBT001
    """Dying at the 1st, 2nd, … 8th act of a kind, each time in another life, leads to one save for each request, one proven stop."""
    lives = [2, 3, 1, 2, 4, 1, 3, 2]
    monkeypatch.setattr(owner, name, dying(getattr(owner, name), lives, after=after))
    for _ in range(len(lives) + 1):
        try:
            supervise(job)
            break
        except Crash:
            continue
    stop = job.read(job.dir.stop)
    assert (stop["exit_code"], stop["proven"]) == (80, True)
    assert job.state()["final"]
    saved = job.saves()
    assert len(saved) == len(set(saved)) == len(list(job.dir.control.glob("ack-*.json"))), "one save for each request"
    assert stop["checkpoint"] == saved[-1]
    assert say.exit_code(machine.from_json(job.state()["machine"])) == 80
