from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.runs import NOW, FakeClock, Supervisor, evaluation, record
from tests.seeds import overfit_log

from trainwatch.model.errors import NotFoundError, UsageError
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import Snapshot
from trainwatch.replay import record as recorder
from trainwatch.replay.player import Player
from trainwatch.replay.recording import Recording
from trainwatch.replay.run import fold_files
from trainwatch.replay.target import Target
from trainwatch.rules.preset import load
from trainwatch.store.journal import Journal


def recorded(target: Target) -> Recording:
    """The recording of a target as it is read by default."""
    return recorder.record(target, rules=None, stated={}, formats=None)


def played(recording: Recording, parts: int = 50) -> Snapshot:
    """The last snapshot of a recording that was played in that many steps."""
    clock = FakeClock(0.0)
    player = Player(recording, clock=clock, speed=1.0)
    for _ in range(parts + 1):
        clock.sleep(recording.seconds / parts)
        player.step()
    assert player.ended
    return player.latest()


def test_a_log_is_played_with_the_decisions_of_its_fold(tmp_path: Path) -> None:
    """The events of the replay are those of reading the log at once, in the same order, on the clock of the log."""
    log = tmp_path / "train.out"
    log.write_text(overfit_log())
    recording = recorded(Target(logs=(log,)))
    last = played(recording)

    assert last.events == tuple(fold_files([log], preset=load("default")).events)
    assert recording.seconds == pytest.approx(42044, rel=0.05)
    assert (recording.log, last.state) == (log.read_bytes(), "done")


def test_pieces_end_with_a_line_and_hold_every_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut into pieces, nothing is lost, repeated or out of order; the last piece is the end of the log."""
    monkeypatch.setattr(recorder, "PIECES", 40)
    log = tmp_path / "train.out"
    log.write_text(overfit_log())
    moments = recorded(Target(logs=(log,))).moments
    pieces = [item for _, item in moments if isinstance(item, Chunk)]

    assert len(pieces) > 20
    assert all(piece.data.endswith(b"\n") for piece in pieces[:-2])
    assert b"".join(piece.data for piece in pieces) == log.read_bytes()
    assert [piece.offset for piece in pieces] == [sum(len(p.data) for p in pieces[:i]) for i in range(len(pieces))]
    assert [piece.final for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert [at for at, _ in moments] == sorted(at for at, _ in moments)


def test_a_run_is_played_as_it_arrived_and_as_it_was_stopped(supervisor: Supervisor, log: Path) -> None:
    """Arrival times and the steps of the stop machine come from the run directory."""
    for step in range(1, 9):
        with log.open("ab") as file:
            file.write(record(step) + evaluation(step, 1.0 + step / 10))
        supervisor.read(NOW + step)
    supervisor.end(NOW + 10)
    journal = Journal(supervisor.dir.journal)
    journal.append("machine", at=NOW + 8.5, state="saving", text="stop (overfit): asked", request="overfit.red.1", path="")
    journal.append("opened", at=NOW + 8.6)
    journal.append("stopped", at=NOW + 11, exit_code=80)
    journal.close()
    recording = recorded(Target(run_dir=supervisor.dir))
    last = played(recording)

    assert (recording.start, recording.seconds) == (NOW + 1, 10)
    assert (last.state, last.stop.rule, last.exit_code) == ("stopped", "overfit", 80)
    assert last.evaluations[2].at == NOW + 3


def test_a_damaged_journal_is_played_as_far_as_it_goes(supervisor: Supervisor, log: Path) -> None:
    """Entries without a time or a kind are left out."""
    log.write_bytes(record(1))
    supervisor.end(NOW + 1)
    supervisor.dir.journal.write_text('{"event": "machine"}\n{"at": 1}\n{"at": "x", "event": "stopped"}\n[1]\n{"at"')

    assert played(recorded(Target(run_dir=supervisor.dir))).records == 1


def test_what_cannot_be_played_says_so(tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a run in which nothing has arrived, and logs that do not fit into memory are errors with a sentence."""
    with pytest.raises(UsageError, match="pipe"):
        recorded(Target(pipe=0))
    supervisor.dir.arrivals.touch()
    with pytest.raises(NotFoundError, match="nothing has arrived"):
        recorded(Target(run_dir=supervisor.dir))
    log = tmp_path / "long.out"
    log.write_text(overfit_log())
    monkeypatch.setattr(recorder, "LIMIT", 100)
    with pytest.raises(UsageError, match="cannot be replayed"):
        recorded(Target(logs=(log,)))
