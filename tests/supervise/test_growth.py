"""Logs that come to a run while it is supervised."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.supervise.test_loop import NOW, World

from trainwatch.model.inputs import Joined
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.target import Target
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store import runfile
from trainwatch.supervise.growth import PERIOD, Growth
from trainwatch.supervise.may import May


def record(step: int) -> str:
    """A train record."""
    return f"{{'loss': {3 / step:.4f}, 'epoch': {step / 100}, 'step': {step}}}\n"


@pytest.fixture
def ranks(tmp_path: Path) -> World:
    """A supervised run of the ranks in a folder, of which one is there: it prints no training."""
    world = World(tmp_path, May())
    folder = tmp_path / "logs"
    folder.mkdir()
    first = folder / "train_rank0.log"
    first.write_text("building the model\n")
    run = runfile.load(world.dir)
    info = replace(run.info, sources=(str(first),))
    replace(run, info=info, extra={**run.extra, "words": [str(folder)]}).save(world.dir)
    world.supervisor = world.another()
    return world


def grown(world: World) -> Path:
    """Another rank begins, and what is no log of the job lies beside it."""
    folder = Path(world.supervisor.engine.run.main).parent
    (folder / "other_7472.log").write_text(record(1))
    late = folder / "train_rank1.log"
    late.write_text(record(1) + record(2))
    return late


def test_a_rank_that_starts_later_is_taken_in(ranks: World) -> None:
    """It is followed from its first byte and heard where the first one says nothing; the log of another job is left alone."""
    ranks.turn(2)
    late = grown(ranks)
    for _ in range(80):
        ranks.turn()
    engine = ranks.supervisor.engine
    assert [(Path(part.source).name, part.rank) for part in engine.run.parts] == [("train_rank0.log", 0), ("train_rank1.log", 1)]
    assert engine.snapshot().records == 2
    with late.open("a") as file:
        file.write(record(3))
    ranks.turn(2)
    assert engine.snapshot().progress.step == 3
    assert ranks.state()["followers"][str(late)]["offset"] == late.stat().st_size


def test_a_later_supervisor_and_the_views_see_the_same(ranks: World) -> None:
    """What joined is written down before it is read, so that whoever folds again has the same run."""
    ranks.turn(2)
    late = grown(ranks)
    for _ in range(80):
        ranks.turn()
    told = ranks.supervisor.engine.snapshot()
    ranks.supervisor.intake.close()
    again = ranks.another()
    assert again.engine.run.parts == told.run.parts
    assert set(again.intake.followers) == set(told.run.sources)
    assert again.intake.followers[str(late)].offset == late.stat().st_size
    ranks.lock.release()
    shown = fold_target(Target(run_dir=ranks.dir), preset=load("default")).snapshot()
    assert (shown.run.parts, shown.records) == (told.run.parts, told.records)


def test_restarts_of_the_launcher_are_attempts(tmp_path: Path) -> None:
    """A launcher starts its ranks again in another folder; what is not named like the run's logs is not looked at."""
    first, then = (tmp_path / "a1" / f"attempt_{again}" / "0" / "stdout.log" for again in (0, 1))
    for log in (first, then):
        log.parent.mkdir(parents=True)
        log.write_text("x\n")
    growth = Growth([str(tmp_path)])
    assert growth.look(RunInfo("r", "r", (str(first),)), NOW) == [Joined(NOW, (Part(str(first), 1, 0), Part(str(then), 2, 0)))]


def test_folders_are_looked_at_now_and_then(tmp_path: Path) -> None:
    """Not at every turn; a folder that is gone, and a run that was named by its log, are no trouble."""
    log, growth = tmp_path / "t_rank0.log", Growth([str(tmp_path / "gone"), str(tmp_path)])
    run = RunInfo("r", "r", (str(log),))
    log.write_text("x\n")
    assert growth.look(run, NOW) == []
    (tmp_path / "t_rank1.log").write_text("x\n")
    assert growth.look(run, NOW + PERIOD - 1) == []
    assert len(growth.look(run, NOW + PERIOD)) == 1
    assert Growth([]).look(run, NOW) == []
