import threading

import pytest

from trainwatch.engine.engine import Engine
from trainwatch.model.snapshot import Command, Snapshot, Stop
from trainwatch.replay.player import Player
from trainwatch.replay.recording import Recording, demo
from trainwatch.rules.preset import load


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return 1e9 + self.at

    def monotonic(self) -> float:
        """Seconds."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.at += seconds


@pytest.fixture(scope="module")
def recording() -> Recording:
    """The recording of the package."""
    return demo()


def played(recording: Recording, every: float, speed: float = 1.0) -> list[Snapshot]:
    """Every snapshot told while the recording is played in steps of `every` seconds."""
    clock = Clock()
    player = Player(recording, clock=clock, speed=speed)
    told: list[Snapshot] = []
    player.subscribe(told.append)
    while not player.ended:
        clock.sleep(every)
        player.step()
    return told


def test_the_recording_is_whole(recording: Recording):
    """Every byte of the recorded log is played, in order of time, and no path of the machine it was made on is left."""
    assert played(recording, 1.0)[-1].bytes_read == len(recording.log)
    assert [at for at, _ in recording.moments] == sorted(at for at, _ in recording.moments)
    assert recording.seconds > 10
    assert b"/home" not in recording.log
    assert b"/tmp" not in recording.log


def test_the_recorded_run_tells_the_whole_story(recording: Recording):
    """Overfit climbs yellow, orange, red; a checkpoint of the best evaluation is on disk; the run is stopped with code 80."""
    last = played(recording, 1.0)[-1]
    assert [e.severity.word for e in last.events if e.rule == "overfit"][:3] == ["yellow", "orange", "red"]
    assert (last.state, last.exit_code, last.failure) == ("stopped", 80, None)
    assert last.best is not None
    assert last.saved_best is not None
    assert last.saved_best[1] == last.best.value


def test_speed_and_steps_change_nothing(recording: Recording):
    """Played finely or coarsely, slowly or fast, the same events come in the same order."""
    fine, coarse = played(recording, 0.1)[-1], played(recording, 3.0, speed=20.0)[-1]
    assert fine.events == coarse.events
    assert fine.evaluations == coarse.evaluations
    assert fine.stop == coarse.stop


def test_a_view_sees_the_run_going_through_its_states(recording: Recording):
    """Starting, running, saving and stopping are seen on the way to the end."""
    states = [s.state for s in played(recording, 0.02)]
    assert [s for i, s in enumerate(states) if s not in states[:i]] == ["starting", "running", "saving", "stopping", "stopped"]


def test_nothing_can_be_asked_of_a_recording(recording: Recording):
    """A recording can be left, and says why nothing else is possible."""
    player = Player(recording, clock=Clock(), speed=1.0)
    assert not player.refusal("detach")
    assert "recording" in player.refusal("stop")
    assert "recording" in player.request(Command("stop"))


def test_the_log_shows_what_has_been_played(recording: Recording):
    """The log view holds the newest lines played, and none from the future."""
    clock = Clock()
    player = Player(recording, clock=clock, speed=1.0)
    assert player.log(None, 5) == (0, ())
    clock.sleep(recording.seconds / 2)
    player.step()
    start, lines = player.log(None, 5)
    text = recording.log[: player.latest().bytes_read].decode()
    assert list(lines) == text.splitlines()[-5:]
    assert player.log(start, 5)[1] == tuple(text[:start].splitlines()[-5:])


def test_a_thread_plays_to_the_end(recording: Recording):
    """Started, the player plays by itself and tells those who listen."""
    clock, over = Clock(), threading.Event()
    player = Player(recording, clock=clock, speed=1.0)
    player.subscribe(lambda snapshot: over.set() if snapshot.state == "stopped" else None)
    clock.sleep(recording.seconds + 1)
    player.start()
    assert over.wait(30)
    assert player.ended
    player.close()


def test_played_and_folded_at_once_are_the_same(recording: Recording):
    """The events of the demo are those of its inputs folded without a player, in the same order."""
    engine = Engine(load("default"), recording.info)
    for _, item in recording.moments:
        if not isinstance(item, Stop):
            engine.feed(item)
    assert tuple(engine.events) == played(recording, 0.5)[-1].events
