import pytest

from trainwatch.model.errors import NotFoundError, NotReadableError, NotWrittenError, UsageError
from trainwatch.model.snapshot import RunInfo
from trainwatch.store import index
from trainwatch.store.create import create
from trainwatch.store.openrun import ended, find, get, known, of_log, refused
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile


@pytest.fixture
def environ(tmp_path):
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def log(tmp_path):
    (tmp_path / "work").mkdir()
    path = tmp_path / "work/train.out"
    path.touch()
    return path


def make(log, environ, name="demo", started=0.0, *, pointer=True):
    run_dir = create(name, now=started, log=log, environ=environ)
    RunFile(RunInfo(run_dir.path.name, name, (str(log),), started_at=started)).save(run_dir)
    if pointer:
        index.register(run_dir, environ)
    return run_dir


def test_a_run_has_many_names(log, environ, monkeypatch, tmp_path):
    """Id, name, beginning of the id, directory as given or relative."""
    run_dir = make(log, environ)
    monkeypatch.chdir(tmp_path)
    words = (run_dir.path.name, "demo", run_dir.path.name[:12], str(run_dir.path), f"work/.trainwatch/{run_dir.path.name}")
    assert {find(word, environ) for word in words} == {run_dir}
    assert find("", environ) is None
    with pytest.raises(NotFoundError, match="nobody: there is no run of that id"):
        get("nobody", environ)


def test_of_two_runs_with_one_name_the_living_one_is_meant(log, environ):
    """Two that live are not clear: each is named. When all have ended, the newest."""
    old, new = make(log, environ, started=1e9), make(log, environ, started=2e9)
    with pytest.raises(UsageError, match=f"fits 2 runs.*\n  {new.path.name}\n  {old.path.name}"):
        find("demo", environ)
    new.exit.touch()
    assert find("demo", environ) == old
    old.exit.touch()
    assert ended(old)
    assert find("demo", environ) == new
    with pytest.raises(UsageError, match="name one"):
        find("dem", environ)


def test_runs_of_a_log(log, environ, tmp_path):
    """By the file itself, whatever its name: links too. The newest first, with or without a pointer."""
    old, new = make(log, environ, started=1e9, pointer=False), make(log, environ, started=2e9, pointer=False)
    (tmp_path / "link.out").symlink_to(log)
    assert of_log(log, environ) == [new, old]
    assert of_log(tmp_path / "link.out", environ) == []
    index.register(old, environ)
    assert of_log(tmp_path / "link.out", environ) == [old]


def test_stale_pointers_go(log, environ):
    """A run directory that was removed, and a damaged pointer, leave the list by themselves."""
    run_dir = make(log, environ)
    (index.folder(environ) / "bad.json").write_text("{")
    run_dir.run.unlink()
    assert index.directories(environ) == []
    assert list(index.folder(environ).iterdir()) == []


def test_a_run_directory_that_is_not_ours(log, environ):
    """Named by its directory, id or name, it is refused; among others, it is left out, and the list says why."""
    run_dir = make(log, environ)
    run_dir.path.chmod(0o775)
    for word in (str(run_dir.path), run_dir.path.name, "demo"):
        with pytest.raises(NotReadableError, match="others may write"):
            find(word, environ)
    assert find("other", environ) is None
    assert list(refused(environ, log)) == [run_dir]
    assert known(environ, log) == []


def test_an_index_that_cannot_be_written_says_so(log, environ, tmp_path):
    """The run is then found by its directory only."""
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(NotWrittenError, match="Not a directory"):
        index.register(RunDir(tmp_path), environ)
