import json
from pathlib import Path

import pytest
from tests.replay.runs import FakeClock

from trainwatch.store.create import create
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.rest import GATHER, LONGEST, LOOK, Rest


class Clock(FakeClock):
    """Time that passes when somebody sleeps; while it does, things happen."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self.happens: list[tuple[float, Path]] = []

    def sleep(self, seconds: float) -> None:
        """Let time pass, and write what is to be written by then."""
        super().sleep(seconds)
        for at, path in [event for event in self.happens if event[0] <= self.at + 1e-6]:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"v": 1}))
            self.happens.remove((at, path))


class Bed:
    """A supervisor's rest beside a run directory and a log."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "train.out"
        self.log.touch()
        self.dir: RunDir = create("t", now=1_795_000_000.0, log=self.log, environ={})
        self.clock = Clock()
        self.woken = False
        self.rest = Rest(self.dir, [str(self.log)], self.clock, woken=lambda: self.woken)
        self.rest.begin_turn()

    def rests(self, pause: float = LOOK) -> float:
        """How long one rest takes."""
        begun = self.clock.at
        self.rest.wait(pause)
        return round(self.clock.at - begun, 3)


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    """Nothing has happened yet."""
    return Bed(tmp_path)


def test_without_news_a_turn_comes_every_second(bed: Bed) -> None:
    """Rules on time are not late."""
    assert bed.rests() == pytest.approx(LONGEST)


@pytest.mark.parametrize("where", ["request", "answer", "end"])
def test_what_cannot_wait_ends_the_rest_at_the_next_look(bed: Bed, where: str) -> None:
    """A request of a person, an answer of the job, and its end."""
    path = {"request": bed.dir.requests / "a.json", "answer": bed.dir.ack("a"), "end": bed.dir.exit}[where]
    bed.clock.happens = [(0.25, path)]
    assert bed.rests() == pytest.approx(0.3)


def test_lines_are_gathered(bed: Bed) -> None:
    """Half a second after the turn before, they are judged together; a line that comes later is judged at once."""
    bed.clock.happens = [(0.05, bed.log)]
    assert bed.rests() == pytest.approx(GATHER)
    bed.rest.begin_turn()
    bed.clock.happens = [(bed.clock.at + 0.75, bed.log)]
    assert bed.rests() == pytest.approx(0.8)


def test_what_comes_during_a_turn_is_not_missed(bed: Bed) -> None:
    """A request written after the turn looked for requests needs no second event."""
    (bed.dir.requests / "a.json").write_text("{}", encoding="utf-8")
    assert bed.rests() == 0.0


def test_who_is_asked_to_end_rests_no_longer(bed: Bed) -> None:
    """Long pauses between looks do not keep it either."""
    bed.woken = True
    assert bed.rests(pause=0.5) == 0.0


def test_long_pauses_make_no_longer_rest(bed: Bed) -> None:
    """An idle run is looked at less often, and its turns still come every second."""
    assert bed.rests(pause=0.7) == pytest.approx(LONGEST)
