import os

from tests.replay.runs import Supervisor

from trainwatch.cli import nearby as module
from trainwatch.cli.nearby import MOST, nearby


def test_runs_jobs_and_logs_as_words_to_type(tmp_path, monkeypatch):
    """The newest of each; a run that has ended says so; names from outside are cleaned."""
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "my_jobs", lambda: [("7", "train\x1b[2J", "RUNNING")])
    for number in range(MOST + 5):
        (tmp_path / f"{number:02}.out").touch()
        os.utime(tmp_path / f"{number:02}.out", (number, number))
    supervisor = Supervisor(tmp_path / "00.out", environ)
    supervisor.dir.exit.touch()
    lines = nearby(environ)
    assert lines[0] == f"trainwatch attach {supervisor.dir.path.name}  (ended)"
    assert lines[1] == "trainwatch attach slurm:7  (train, running)"
    assert lines[2] == f"trainwatch attach {MOST + 4:02}.out"
    assert len(lines) == 2 + MOST


def test_nothing_is_said_too(tmp_path, monkeypatch):
    """With what could be named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "my_jobs", list)
    assert nearby({"XDG_STATE_HOME": str(tmp_path / "state")}) == ["nothing to watch here: name a log, a run, a folder, a pid or slurm:ID"]
