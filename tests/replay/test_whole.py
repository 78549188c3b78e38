from __future__ import annotations

import os
from pathlib import Path

from tests.seeds import overfit_log

from trainwatch.model.inputs import CheckpointSeen, Chunk, Tick
from trainwatch.model.snapshot import RunInfo
from trainwatch.replay.target import Target
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store.arrivals import Arrivals
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile

LOG = overfit_log().encode()


def a_run(folder: Path) -> RunDir:
    """A run directory, with the log beside it."""
    (folder / "train.out").write_bytes(LOG)
    run_dir = RunDir(folder / "run")
    run_dir.path.mkdir(mode=0o700)
    RunFile(RunInfo("r1", "r1", (str(folder / "train.out"),))).save(run_dir)
    return run_dir


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """What comes through a pipe is judged as a file is."""
    (tmp_path / "train.out").write_bytes(LOG)
    with (tmp_path / "train.out").open("rb") as file:
        piped = fold_target(Target(pipe=os.dup(file.fileno())), preset=load("default"))
    whole = fold_target(Target(logs=(tmp_path / "train.out",)), preset=load("default"))

    assert [e.key for e in piped.events] == [e.key for e in whole.events]


def test_a_run_is_judged_with_all_that_arrived_in_it(tmp_path: Path) -> None:
    """Checkpoints and ticks that were written down make rules see that are blind on the bare log."""
    run_dir = a_run(tmp_path)
    source = str(tmp_path / "train.out")
    arrivals = Arrivals(run_dir.arrivals)
    for item in (CheckpointSeen(1.0, "", None, complete=False), Chunk(source, 0, LOG, 2.0, final=True), Tick(3.0)):
        arrivals.write(item)
    arrivals.close()
    engine = fold_target(Target(run_dir=run_dir), preset=load("default"))

    assert [e.step for e in engine.events if e.rule == "best_unsaved" and e.verdict == "fired"] == [10, 20, 30]
    assert not [s.rule for s in engine.board.statuses() if s.verdict.outcome == "blind" and s.rule in ("hang", "best_unsaved")]


def test_a_run_without_arrivals_is_its_log(tmp_path: Path) -> None:
    """Where nothing was written down, the sources are read."""
    engine = fold_target(Target(run_dir=a_run(tmp_path)), preset=load("default"))

    assert len(engine.board.evaluations) == 20
