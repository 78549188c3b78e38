from tests.replay.runs import NOW, record

from trainwatch.model.inputs import Chunk, Tick
from trainwatch.replay.recorded import ORPHANED, RunInputs
from trainwatch.store import runfile
from trainwatch.store.lock import Process
from trainwatch.store.statefile import StateFile


def nobody(_):
    return False


def opened(supervisor, now=NOW):
    return RunInputs(supervisor.dir, runfile.load(supervisor.dir), now=now, written=nobody)


def chunks(items):
    return [item for item in items if isinstance(item, Chunk)]


def test_a_view_folds_what_the_supervisor_folded(supervisor, log):
    """The same inputs, the times of arrival included, as they come."""
    inputs = opened(supervisor)
    log.write_bytes(record(1))
    supervisor.arrivals.write(Tick(NOW))
    first = supervisor.read(NOW + 1)
    assert list(inputs.poll(NOW + 1)) == [Tick(NOW), *first]
    with log.open("ab") as file:
        file.write(record(2))
    assert list(inputs.poll(NOW + 1)) == []
    assert list(inputs.poll(NOW + 2)) == [] != (second := supervisor.read(NOW + 2))
    assert list(inputs.poll(NOW + 3)) == second
    assert not inputs.ended


def test_without_a_supervisor_the_log_goes_on(supervisor, log):
    """After a moment in which the shim may start a new one, the view reads the log itself, from where the arrivals end."""
    log.write_bytes(record(1))
    supervisor.read(NOW)
    inputs = opened(supervisor)
    list(inputs.poll(NOW))
    supervisor.die()
    with log.open("ab") as file:
        file.write(record(2))
    assert chunks(inputs.poll(NOW + ORPHANED - 1)) == []
    (own,) = chunks(inputs.poll(NOW + ORPHANED))
    assert (own.data, own.offset) == (record(2), len(record(1)))
    assert not inputs.stale


def test_a_supervisor_that_comes_back_makes_the_view_fold_anew(supervisor, log):
    """It writes down what the view has read already: twice must not count twice."""
    supervisor.die()
    log.write_bytes(record(1))
    inputs = opened(supervisor)
    assert chunks(inputs.poll(NOW + ORPHANED))
    supervisor.read(NOW + 9)
    list(inputs.poll(NOW + 10))
    assert inputs.stale


def test_a_supervisor_elsewhere_is_believed(supervisor):
    """From here nobody can tell whether it lives: its log is not read behind its back."""
    supervisor.hold(Process(1, 1, "node77", "boot"))
    inputs = opened(supervisor)
    assert inputs.supervisor == Process(1, 1, "node77", "boot")
    assert chunks(inputs.poll(NOW + 1e6)) == []


def test_the_end_of_a_run(supervisor, log):
    """When the supervisor has seen every source end, nothing more comes, at once."""
    log.write_bytes(record(1))
    supervisor.end(NOW)
    inputs = opened(supervisor)
    assert [item.final for item in chunks(inputs.poll(NOW))] == [False, True]
    assert inputs.ended


def test_a_run_that_ended_without_its_supervisor(supervisor, log):
    """The shim says that nobody is left: the view reads the rest and ends, without waiting."""
    log.write_bytes(record(1))
    supervisor.read(NOW)
    supervisor.die()
    with log.open("ab") as file:
        file.write(b"last words")
    supervisor.dir.exit.write_text("{}")
    inputs = opened(supervisor)
    got = chunks(inputs.poll(NOW))
    assert [item.data for item in got] == [record(1), b"last words", b""]
    assert inputs.ended


def test_a_job_without_a_shim_ends_with_its_supervisor(supervisor, log):
    """A supervisor that was attached says the last word itself; until then the run goes on."""
    log.write_bytes(record(1))
    supervisor.end(NOW)
    supervisor.dir.exit.unlink()
    inputs = opened(supervisor)
    list(inputs.poll(NOW))
    assert not inputs.ended
    StateFile("done", NOW, extra={"final": True}).save(supervisor.dir)
    list(inputs.poll(NOW + 1))
    assert inputs.ended
    assert not inputs.orphaned(NOW + 2)
    assert inputs.orphaned(NOW + 9)


def test_what_was_lost_is_a_caveat(supervisor, log):
    """A log that was truncated since it was read does not hold the bytes any more: the view says so."""
    log.write_bytes(record(1))
    supervisor.read(NOW)
    log.write_bytes(b"")
    supervisor.read(NOW + 1)
    inputs = opened(supervisor)
    list(inputs.poll(NOW))
    assert "no longer in the log" in inputs.problems[0]
    supervisor.dir.arrivals.unlink()
    supervisor.dir.arrivals.mkdir()
    list(inputs.poll(NOW))
    assert "is not a regular file" in inputs.problems[1]
    inputs.close()
