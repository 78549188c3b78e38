from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.runs import NOW, Supervisor, evaluation, record
from tests.replay.test_kept import BARS, told

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import CheckpointSeen, Gpu, Sample, Tick
from trainwatch.replay import kept_run
from trainwatch.replay.target import Target
from trainwatch.replay.watch import Reading, Watch
from trainwatch.replay.whole import fold_target
from trainwatch.rules.preset import load
from trainwatch.store import columns


@pytest.fixture
def supervisor(log: Path, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """A run that was watched for a while: bytes, ticks, devices, a checkpoint."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept_run, "ARRIVALS_WORTH", 100)
    run = Supervisor(log, environ)
    size = len(BARS) // 5
    for turn in range(5):
        log.write_bytes(BARS[: (turn + 1) * size])
        run.read(NOW + 60 * turn)
        for item in (
            Tick(NOW + 60 * turn + 1),
            Sample(NOW, (Gpu(0, "GPU-1", "H200", 0.5, 10, 20),)),
            CheckpointSeen(NOW, "out/a", 50, complete=True),
        ):
            run.arrivals.write(item)
    return run


def files(run: Supervisor) -> list[Path]:
    """What is kept beside the arrivals."""
    return sorted(run.dir.columns.iterdir())


def look(run: Supervisor, monkeypatch: pytest.MonkeyPatch, preset: str = "default") -> tuple[dict[str, str], int]:
    """What the run tells, and how many inputs were folded for it."""
    folded: list[object] = []
    feed = Engine.feed
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "feed", lambda engine, item: folded.append(item) or feed(engine, item))
        engine = fold_target(Target(run_dir=run.dir), preset=load(preset))
    return told(engine.snapshot()), len(folded)


def watched(run: Supervisor) -> dict[str, str]:
    """What a view of the run shows after one look."""
    watch = Watch(Target(run_dir=run.dir), now=NOW + 400, reading=Reading(), written=lambda _: True)
    watch.poll(NOW + 400)
    seen = told(watch.snapshot(NOW + 400))
    watch.close()
    return seen


def test_the_second_look_folds_only_what_came_since(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    """Bytes with their times, ticks, devices and checkpoints are taken up as one, and what is told is the same."""
    first, count = look(supervisor, monkeypatch)
    assert count > 15
    assert [path.suffix for path in files(supervisor)] == [columns.SUFFIX]
    assert look(supervisor, monkeypatch) == (first, 0)
    with supervisor.log.open("ab") as file:
        file.write(record(1) + evaluation(2, 0.5))
    supervisor.read(NOW + 300)
    supervisor.arrivals.write(Sample(NOW + 301, (Gpu(0, "GPU-1", "H200", 0.75, 10, 20),)))
    second, count = look(supervisor, monkeypatch)
    assert count == 2
    monkeypatch.setattr(kept_run.RunKeeper, "take_up", lambda *_: False)
    assert look(supervisor, monkeypatch)[0] == second


def test_a_view_takes_up_what_another_look_kept(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    """The screen and the commands share what was kept; the view shows the same with it and without, at the end of the run too."""
    first = watched(supervisor)
    assert len(files(supervisor)) == 1
    assert look(supervisor, monkeypatch)[1] == 0
    assert watched(supervisor) == first
    supervisor.end(NOW + 350)
    ended = watched(supervisor)
    with monkeypatch.context() as patched:
        patched.setattr(kept_run.RunKeeper, "take_up", lambda *_: False)
        assert watched(supervisor) == ended
    assert ended != first


def test_what_a_log_has_lost_since_is_not_missed(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    """A requeue truncates the log: what was read of the first attempt is still there, and the next one follows it."""
    first, _ = look(supervisor, monkeypatch)
    supervisor.log.write_bytes(b"")
    supervisor.read(NOW + 400)
    supervisor.log.write_bytes(record(1, 9.0) + evaluation(1, 8.0))
    supervisor.read(NOW + 401)
    told_now, _ = look(supervisor, monkeypatch)
    assert "value=8.0" in told_now["evaluations"]
    assert told_now["evaluations"].startswith(first["evaluations"][:-1])
    monkeypatch.setattr(kept_run.RunKeeper, "take_up", lambda *_: False)
    assert "value=8.0" in look(supervisor, monkeypatch)[0]["evaluations"]
    assert not look(supervisor, monkeypatch)[0]["evaluations"].startswith(first["evaluations"][:-1])


@pytest.mark.parametrize("damage", ["arrivals begun anew", "torn", "no place", "positions"])
def test_what_makes_no_sense_is_ignored(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, damage: str):
    """Other arrivals, a torn file, a folder that is not there: the run is folded anew, and told the same."""
    first, count = look(supervisor, monkeypatch)
    (path,) = files(supervisor)
    match damage:
        case "arrivals begun anew":
            content = supervisor.dir.arrivals.read_bytes()
            supervisor.dir.arrivals.unlink()
            supervisor.dir.arrivals.write_bytes(content)
        case "torn":
            path.write_bytes(path.read_bytes()[:-5])
        case "no place":
            path.unlink()
            supervisor.dir.columns.rmdir()
            supervisor.dir.columns.touch()
        case "positions":
            path.write_bytes(path.read_bytes().replace(b'"ends"', b'"dens"', 1))
    assert look(supervisor, monkeypatch) == (first, count)


def test_other_rules_are_another_reading(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    """What was judged by one preset says nothing of another."""
    look(supervisor, monkeypatch)
    assert look(supervisor, monkeypatch, "off")[1] > 15


def test_too_much_for_a_run_directory_goes_to_the_cache(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A run directory stays small; the user's cache takes what does not fit, and it is found there."""
    monkeypatch.setattr(kept_run, "MOST", 100)
    first, _ = look(supervisor, monkeypatch)
    assert files(supervisor) == []
    assert len(list((tmp_path / "cache").rglob("*.columns"))) == 1
    assert look(supervisor, monkeypatch) == (first, 0)


def test_a_run_that_is_over_is_kept_however_short(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch):
    """While it goes on little is not written again and again; its end is, once."""
    monkeypatch.setattr(kept_run, "ARRIVALS_WORTH", 1 << 30)
    watched(supervisor)
    assert files(supervisor) == []
    supervisor.end(NOW + 350)
    watched(supervisor)
    (path,) = files(supervisor)
    was = path.stat().st_ino
    first, count = look(supervisor, monkeypatch)
    assert (count, path.stat().st_ino) == (1, was)  # the end of the log, which nobody supervises any more
    supervisor.log.unlink()
    assert look(supervisor, monkeypatch)[0]["evaluations"] == first["evaluations"]
