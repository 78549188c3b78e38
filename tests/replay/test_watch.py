import pytest
from tests.replay.runs import NOW, evaluation, left_alone, record
from tests.seeds import overfit_log

from trainwatch.engine.engine import Engine
from trainwatch.model.errors import NotFoundError
from trainwatch.replay.recorded import ORPHANED
from trainwatch.replay.target import Target, resolve
from trainwatch.replay.watch import Reading, Watch
from trainwatch.replay.whole import fold_target
from trainwatch.rules import preset
from trainwatch.sources.tail import SMALL
from trainwatch.store import runfile
from trainwatch.store.statefile import StateFile


def nobody(_):
    return False


def somebody(_):
    return True


def watched(target, written=nobody, reading=None):
    return Watch(target, now=NOW, reading=reading or Reading(), written=written)


def test_a_finished_log_is_judged_as_a_whole(log):
    """Read, judged, ended in one look: the phases and alerts of the run that started this project."""
    log.write_text(overfit_log())
    watch = watched(Target(logs=(left_alone(log),)))
    assert watch.poll(NOW)
    seen = watch.snapshot(NOW)
    assert (seen.state, seen.best.value, seen.best.step, len(seen.evaluations)) == ("done", 0.1376, 30, 20)
    assert [(e.rule, e.severity.word, e.step) for e in seen.events if e.rule == "overfit"][:3] == [
        ("overfit", "yellow", 40),
        ("overfit", "orange", 50),
        ("overfit", "red", 60),
    ]
    assert watch.ended
    assert not watch.poll(NOW + 1)


def test_a_growing_log_is_followed(log):
    """What comes later is in the next snapshot, and a look that finds nothing says so."""
    log.write_bytes(record(1))
    watch = watched(Target(logs=(log,)), written=somebody)
    assert watch.poll(NOW)
    assert watch.snapshot(NOW).state == "running"
    assert not watch.poll(NOW + 1)
    with log.open("ab") as file:
        file.write(evaluation(1, 2.5))
    assert watch.poll(NOW + 2)
    assert [e.value for e in watch.snapshot(NOW + 2).evaluations] == [2.5]
    assert watch.snapshot(NOW + 400).state == "silent"
    watch.close()


def test_a_large_log_has_a_preview(log):
    """The newest values at once, marked as a sample; a small log needs none."""
    log.write_bytes(b"".join(record(step, 2.0) for step in range(SMALL // len(record(10_000)) * 2)) + evaluation(7, 0.25))
    watch = watched(Target(logs=(log,)))
    first = watch.preview(NOW)
    assert first.preview
    assert first.evaluations[-1].value == 0.25
    assert 0 < first.bytes_read < log.stat().st_size
    log.write_bytes(record(1))
    assert watch.preview(NOW) is None


def test_events_live_are_events_replayed(supervisor, log):
    """Whoever folds the arrivals later, in however many looks, decides what the supervisor decided, arrival times included."""
    text = overfit_log().encode()
    live = Engine(preset.load("default"), runfile.load(supervisor.dir).info)
    inputs = []
    for start in range(0, len(text), 700):
        with log.open("ab") as file:
            file.write(text[start : start + 700])
        inputs += supervisor.read(NOW + start)
    decided = [event for item in inputs for event in live.feed(item)]
    watch = watched(Target(run_dir=supervisor.dir))
    watch.poll(NOW)
    assert watch.snapshot(NOW).events == tuple(decided)
    assert any(event.rule == "overfit" for event in decided)


def test_a_run_directory_brings_its_own_rules(supervisor):
    """Preset, formats and stated facts of the run; the words of the view do not change what was decided."""
    run = runfile.load(supervisor.dir)
    runfile.RunFile(run.info, "default", ("hf_trainer",), {"total_steps": 77.0}).save(supervisor.dir)
    watch = watched(Target(run_dir=supervisor.dir), reading=Reading("no such preset"))
    watch.poll(NOW)
    assert watch.snapshot(NOW).progress.total_steps == 77
    with pytest.raises(NotFoundError, match="no such preset"):
        watched(Target(logs=(supervisor.log,)), reading=Reading("no such preset"))


def test_a_new_state_is_news(supervisor):
    """What the supervisor says of itself counts as something that came."""
    watch = watched(Target(run_dir=supervisor.dir))
    watch.poll(NOW)
    assert not watch.poll(NOW + 1)
    StateFile("saving", NOW).save(supervisor.dir)
    assert watch.poll(NOW + 2)
    assert watch.snapshot(NOW + 2).state == "saving"


def test_a_single_look_reads_a_log_that_nobody_supervises(supervisor, log):
    """Whoever looks once cannot wait for a supervisor to come back: the log behind the arrivals counts at once."""
    log.write_bytes(evaluation(1, 3.0))
    supervisor.read(NOW)
    supervisor.die()
    with log.open("ab") as file:
        file.write(evaluation(2, 2.0))
    watch = Watch(Target(run_dir=supervisor.dir), now=NOW, reading=Reading(), written=somebody, restart=0.0)
    watch.poll(NOW)
    assert [e.value for e in watch.snapshot(NOW).evaluations] == [3.0, 2.0]
    judged = fold_target(Target(run_dir=supervisor.dir), preset=preset.load("default"))
    assert [e.value for e in judged.board.evaluations] == [3.0, 2.0]


def test_nothing_counts_twice_when_a_supervisor_comes_back(supervisor, log):
    """A view that read on by itself folds anew what the new supervisor wrote down."""
    log.write_bytes(evaluation(1, 3.0))
    supervisor.read(NOW)
    watch = watched(Target(run_dir=supervisor.dir))
    watch.poll(NOW)
    holder = supervisor.dir.lock.read_bytes()
    supervisor.die()
    with log.open("ab") as file:
        file.write(evaluation(2, 2.0))
    watch.poll(NOW + ORPHANED)
    assert [e.value for e in watch.snapshot(NOW).evaluations] == [3.0, 2.0]
    supervisor.dir.lock.write_bytes(holder)
    supervisor.read(NOW + 9)
    watch.poll(NOW + 10)
    assert [(e.value, e.at) for e in watch.snapshot(NOW).evaluations] == [(3.0, NOW), (2.0, NOW + 9)]


def test_a_log_that_was_rewritten_has_not_ended(log):
    """The end of one attempt is not the end of the run: a requeued job truncates its log and goes on."""
    log.write_bytes(record(1))
    watch = watched(Target(logs=(log,)), written=somebody)
    watch.poll(NOW)
    log.write_bytes(b"")
    watch.poll(NOW + 1)
    with log.open("ab") as file:
        file.write(record(1) + evaluation(1, 3.0))
    watch.poll(NOW + 2)
    seen = watch.snapshot(NOW + 2)
    assert (seen.state, [e.evidence.attempt for e in seen.evaluations]) == ("running", [2])


def test_a_folder_is_looked_into_again(tmp_path):
    """The log of the next attempt, which comes to lie there while we watch, is read as the next attempt; the best is kept."""
    (tmp_path / "job-1.out").write_bytes(b"step 1 loss 2.0\nstep 2 loss 1.0\nstep 2 eval_loss 0.5\n")
    watch = Watch(resolve([str(tmp_path)], {}), now=1000.0, reading=Reading(), written=somebody)
    watch.poll(1000.0)
    (tmp_path / "job-2.out").write_bytes(b"step 2 loss 0.9\nstep 3 loss 0.8\nstep 3 eval_loss 0.7\n")
    watch.poll(1001.0)
    assert len(watch.snapshot(1001.0).attempts) == 1
    watch.poll(1006.0)
    shown = watch.snapshot(1007.0)
    assert [(a.number, a.step_start, a.step_end) for a in shown.attempts] == [(1, 1, 2), (2, 2, 3)]
    assert shown.best is not None
    assert shown.best.value == 0.5
    assert shown.run.main.endswith("job-2.out")
    watch.close()
