import math
import os

import pytest
from tests.replay.runs import NOW

from trainwatch.model.snapshot import Progress, RunInfo, Snapshot, Stop
from trainwatch.replay import standing
from trainwatch.replay.standing import SILENT, of_log, read, settle
from trainwatch.store.files import write_json
from trainwatch.store.lock import Process, this_process
from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile

HOST = os.uname().nodename
FOLD = Snapshot(RunInfo("r", "r", ("a.out",)), state="running")


@pytest.fixture
def run_dir(tmp_path):
    return RunDir(tmp_path)


def settled(run_dir, supervisor=None, *, ended=False):
    return settle(FOLD, read(run_dir, supervisor, HOST), ended=ended, orphaned=supervisor is None)


def test_the_word_of_the_supervisor_counts(run_dir):
    """State and stop are what it wrote; the screen says that somebody acts."""
    stop = Stop("veto", "stopping in 60 s unless cancelled", "overfit", "/c/checkpoint-60", NOW)
    StateFile("stopping", NOW, stop).save(run_dir)
    seen = settled(run_dir, this_process())
    assert (seen.state, seen.stop, seen.run.supervised, seen.caveats) == ("stopping", stop, True, ())


def test_the_supervisor_knows_the_end(run_dir):
    """Of the allocation, or the one that was stated; without one there is no time left to tell."""
    assert standing.time_left(None, NOW) is None
    StateFile("running", NOW, extra={"brief": {"ends_at": NOW + 90}}).save(run_dir)
    assert standing.time_left(read(run_dir, None, HOST).state, NOW) == 90
    StateFile("running", NOW, extra={"brief": {"ends_at": None}}).save(run_dir)
    assert standing.time_left(read(run_dir, None, HOST).state, NOW) is None


def test_without_a_supervisor_the_log_speaks(run_dir):
    """And it is said that nobody acts."""
    StateFile("saving", NOW).save(run_dir)
    write_json(run_dir.job, {"shim": {"pid": this_process().pid, "ticks": this_process().ticks}})
    seen = settled(run_dir)
    assert (seen.state, seen.run.supervised) == ("running", False)
    assert "nobody supervises this run now" in seen.caveats[0]


@pytest.mark.parametrize(("code", "state", "shown"), [(0, "done", 0), (1, "failed", 1), (-15, "failed", 143), (None, "lost", None)])
def test_the_shim_tells_how_a_job_ended(run_dir, code, state, shown):
    """Even if its supervisor died before: the launcher's status, 128+N for a signal; without one nobody knows."""
    StateFile("running", NOW).save(run_dir)
    write_json(run_dir.exit, {"v": 1})
    if code is not None:
        write_json(run_dir.launcher_exit, {"v": 1, "code": code})
    seen = settled(run_dir)
    assert (seen.state, seen.exit_code, seen.caveats) == (state, shown, ())


def test_the_last_word_of_a_supervisor_stays(run_dir):
    """A run that was stopped is not called failed because SIGTERM ended it."""
    StateFile("stopped", NOW, exit_code=143).save(run_dir)
    write_json(run_dir.launcher_exit, {"v": 1, "code": -15})
    write_json(run_dir.exit, {"v": 1})
    assert settled(run_dir).state == "stopped"


def test_a_restart_is_no_alarm(run_dir):
    """The shim starts a new supervisor within seconds: until then nothing is said."""
    StateFile("running", NOW).save(run_dir)
    assert settle(FOLD, read(run_dir, None, HOST), ended=False, orphaned=False).caveats == ()


def test_before_the_first_word_of_a_supervisor_its_beginning_is_told(run_dir):
    """A moment after the launch nothing acts on the run yet; later that nobody supervises it is told, and not both."""
    (begins,) = settle(FOLD, read(run_dir, None, HOST), ended=False, orphaned=False).caveats
    assert begins == "its supervision begins: nothing acts on it yet"
    (alone,) = settle(FOLD, read(run_dir, None, HOST), ended=False, orphaned=True).caveats
    assert alone.startswith("nobody supervises this run")


def test_a_job_that_vanished_is_lost(run_dir):
    """The machine went down: no exit status, no process of that start, no supervisor."""
    write_json(run_dir.job, {"shim": {"pid": 1, "ticks": 7}, "launcher": "?"})
    assert settled(run_dir).state == "lost"
    run_dir.job.unlink()
    assert settled(run_dir).state == "running"
    assert settled(run_dir, ended=True).state == "lost"


def test_a_job_elsewhere_cannot_be_judged_from_here(run_dir):
    """Its pids are another machine's."""
    write_json(run_dir.job, {"shim": {"pid": 1, "ticks": 7}})
    assert settle(FOLD, read(run_dir, Process(1, 1, "node77", "b"), "node77"), ended=False).state == "starting"
    assert settle(FOLD, read(run_dir, None, "node77"), ended=False).state == "running"


def test_damaged_files_are_said_and_survived(run_dir):
    """The view goes on with what the log tells."""
    run_dir.state.write_text("{")
    run_dir.launcher_exit.write_text("[]")
    seen = settled(run_dir, this_process())
    assert seen.state == "starting"
    assert "state.json: is not JSON" in seen.caveats[0]


def test_a_watched_log_that_says_nothing_is_silent(monkeypatch):
    """Five minutes, or ten usual steps if they take longer; one that has ended is what its last lines say."""
    monkeypatch.setattr(standing, "SILENT_STEPS", 10)
    slow = Snapshot(FOLD.run, state="running", progress=Progress(step_time=60.0))
    assert of_log(FOLD, ended=False, quiet=SILENT + 1).state == "silent"
    assert of_log(slow, ended=False, quiet=SILENT + 1).state == "running"
    assert of_log(slow, ended=False, quiet=601.0).state == "silent"
    assert of_log(Snapshot(FOLD.run, state="done"), ended=True, quiet=math.inf).state == "done"
    assert of_log(FOLD, ended=False, quiet=7.0).data_age == 7.0
