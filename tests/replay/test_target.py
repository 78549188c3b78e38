import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.replay.runs import NOW, Supervisor, record

from trainwatch.model.errors import NotFoundError, NotReadableError, UsageError
from trainwatch.replay.target import Target, resolve
from trainwatch.store import index
from trainwatch.store.statefile import StateFile


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    """Relative words mean this test's folder."""
    monkeypatch.chdir(tmp_path)


def test_logs(log, environ, tmp_path):
    """A file, several files, a folder: said what was found where the word does not tell."""
    (tmp_path / "train.err").touch()
    assert resolve(["train.out"], environ).logs[0].name == "train.out"
    assert [path.name for path in resolve(["train.err", "train.out", "train.err"], environ).logs] == ["train.err", "train.out"]
    folder = resolve([str(tmp_path)], environ)
    assert [path.name for path in folder.logs] == ["train.err", "train.out"]
    assert folder.found.endswith(f"{tmp_path}/train.err, {tmp_path}/train.out")
    assert (folder.name, resolve(["train.out"], environ, alone=True).found) == ("train", "")


def test_the_other_stream_of_a_log(log, environ):
    """A log is read with the one beside it, which is said, unless it is wanted alone; a run knows its own logs."""
    log.touch()
    assert resolve([str(log)], environ) == Target(logs=(log,))
    other = log.with_suffix(".err")
    other.write_text("Loading\n")
    found = resolve([str(log)], environ)
    assert found == Target(logs=(log, other), found=f"{log} and train.err are read as one run; --alone leaves train.err out")
    assert [part.source for part in found.parts] == [str(log), str(other)]
    assert resolve([str(log)], environ, alone=True) == Target(logs=(log,))
    other.write_bytes(bytes(range(256)) * 9)
    assert resolve([str(log)], environ) == Target(logs=(log,))


def test_a_pattern_in_quotes(tmp_path, environ):
    """What the shell did not expand; the attempts of one run are counted."""
    for job in (9, 10):
        (tmp_path / f"slurm-{job}.out").touch()
    found = resolve([str(tmp_path / "slurm-*.out")], environ)
    assert [(Path(part.source).name, part.attempt) for part in found.parts] == [("slurm-9.out", 1), ("slurm-10.out", 2)]
    assert found.found.endswith("slurm-9.out (2 attempts of one run)")
    with pytest.raises(NotFoundError, match="no file fits"):
        resolve([str(tmp_path / "*.nothing")], environ)


def test_a_run_by_any_of_its_names(supervisor, log, environ):
    """Id, name, beginning, directory, and the log that it writes."""
    index.register(supervisor.dir, environ)
    run_id = supervisor.dir.path.name
    for word in (run_id, "demo", run_id[:8], str(supervisor.dir.path)):
        assert resolve([word], environ) == Target(run_dir=supervisor.dir)
    assert resolve([str(log)], environ) == Target(run_dir=supervisor.dir, found=f"{log}: the log of {run_id}")


def test_the_log_of_a_run_that_is_over(supervisor, log, environ):
    """As long as it is what the run left; not when somebody has written to it since."""
    log.write_bytes(record(1))
    supervisor.end(NOW)
    assert resolve([str(log)], environ).run_dir is None
    StateFile("done", NOW, followers={str(log): supervisor.follower.state()}).save(supervisor.dir)
    assert resolve([str(log)], environ).run_dir == supervisor.dir
    log.write_bytes(b"another job, which writes into the same file\n" + record(2))
    assert resolve([str(log)], environ) == Target(logs=(log,))


def test_the_newest_run_of_a_log(log, environ):
    """A job that was started twice into one file."""
    old, new = Supervisor(log, environ), Supervisor(log, environ, "again")
    old.dir.exit.touch()
    assert resolve([str(log)], environ).run_dir == new.dir


def test_pipes(environ, tmp_path):
    """Standard input when it is one, and the shell's `<(…)`."""
    out, into = os.pipe()
    assert resolve(["-"], environ, stdin=out) == Target(pipe=out)
    assert Target(pipe=out).name == "stdin"
    os.mkfifo(tmp_path / "fifo")
    keeper = os.open(tmp_path / "fifo", os.O_RDWR)
    pipe = resolve(["fifo"], environ).pipe
    os.write(keeper, b"x")
    assert os.read(pipe, 9) == b"x"
    for fd in (out, into, keeper, pipe):
        os.close(fd)
    with pytest.raises(UsageError, match="cannot be combined"):
        resolve(["-", "a.out"], environ)


def test_an_empty_word_is_no_target(environ):
    """`attach "$LOG"` with nothing in it is not about the folder one stands in."""
    with pytest.raises(UsageError, match="is a variable of the command line not set"):
        resolve([""], environ)


def test_a_terminal_is_no_pipe(environ):
    """`attach -` typed by hand would wait for ever."""
    leader, follower = os.openpty()
    with pytest.raises(UsageError, match=r"standard input is a terminal; try: python train\.py 2>&1 \| trainwatch attach -"):
        resolve(["-"], environ, stdin=follower)
    os.close(leader)
    os.close(follower)


@pytest.mark.parametrize(("word", "error", "text"), [
    ("none.out", NotFoundError, "no such file, folder or run"),
    ("none", NotFoundError, "trainwatch ls"),
    ("empty", NotFoundError, "neither a run nor a log"),
    ("4194304999", NotFoundError, "no such process"),
    ("model.pt", NotReadableError, "is binary"),
    ("/dev/null", NotReadableError, "is a device"),
])  # fmt: skip
def test_what_is_no_target(environ, tmp_path, word, error, text):
    """Each with its class, which is its exit code, and the name in the text."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.pt").write_bytes(b"PK\x03\x04\0\0\0\0" * 99)
    with pytest.raises(error, match=text) as caught:
        resolve([word], environ)
    assert word in str(caught.value)


def test_a_run_directory_that_is_not_ours_is_refused(supervisor, environ):
    """Named by its directory, or by a log inside a folder that others may write: exit code 4, with what to do."""
    supervisor.dir.path.chmod(0o777)
    with pytest.raises(NotReadableError, match="others may write to it"):
        resolve([str(supervisor.dir.path)], environ)


def test_a_process_is_remembered(tmp_path: Path, environ: dict[str, str]) -> None:
    """It is known whose logs they are, alone or among other words; a file whose name is a number is a file."""
    log, other = tmp_path / "train.out", tmp_path / "7"
    other.write_bytes(record(1))
    with log.open("w") as out, subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=out) as job:
        named = str(job.pid)
        assert (resolve([named], environ).logs, resolve([named], environ).pids) == ((log,), (job.pid,))
        assert resolve([str(other), named], environ).pids == (job.pid,)
        assert resolve([str(other)], environ).pids == ()
        job.communicate(b"\n")
