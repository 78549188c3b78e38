import json
import math

import pytest

from trainwatch.model.errors import NotReadableError
from trainwatch.model.snapshot import RunInfo
from trainwatch.store.files import write_json
from trainwatch.store.rundir import RunDir
from trainwatch.store.runfile import RunFile, load

INFO = RunInfo(
    "demo-1", "demo", ("/d/a.out",), ("torchrun", "t.py"), "node1", "", "7471", 1795142412.5, supervised=True, may="stop=overfit"
)


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "r").mkdir(mode=0o700)
    return RunDir(tmp_path / "r")


def test_round_trip(run_dir):
    """All that is needed to fold the run again, and keys of others untouched; the directory is where it was read."""
    run = RunFile(INFO, "careful", ("generic",), {"total_steps": 100.0}, "/d", {"hook": "auto"}, 3)
    run.save(run_dir)
    back = load(run_dir)
    assert back.info.directory == str(run_dir.path)
    assert (back.info.id, back.info.sources, back.info.started_at, back.info.may) == ("demo-1", ("/d/a.out",), 1795142412.5, "stop=overfit")
    assert back.attempt == 3
    assert (back.preset, back.formats, back.stated, back.cwd, back.extra) == (
        "careful",
        ("generic",),
        {"total_steps": 100.0},
        "/d",
        {"hook": "auto"},
    )
    assert json.loads(run_dir.run.read_bytes())["run"] == "demo-1"


def test_what_is_not_known_stays_unknown(run_dir):
    """A file with only what must be there."""
    write_json(run_dir.run, {"v": 1, "run": "x", "name": "x", "sources": []})
    back = load(run_dir)
    assert math.isnan(back.info.started_at)
    assert (back.preset, back.formats, back.info.may) == ("default", None, "watch")


@pytest.mark.parametrize(
    "value",
    [{}, {"run": "x", "name": "x"}, {"run": "x", "name": "x", "sources": 7}, {"run": "x", "name": "x", "sources": [], "started_at": "y"}],
)
def test_a_damaged_file_names_itself(run_dir, value):
    """The user is told which file is wrong."""
    write_json(run_dir.run, value)
    with pytest.raises(NotReadableError, match=r"run\.json"):
        load(run_dir)


def test_no_file_is_no_run(run_dir):
    """A folder that only looks like a run directory."""
    with pytest.raises(NotReadableError, match="is no run directory"):
        load(run_dir)


def test_a_directory_that_others_may_write_is_not_believed(run_dir):
    """What it says could be anyone's."""
    RunFile(INFO).save(run_dir)
    run_dir.path.chmod(0o777)
    with pytest.raises(NotReadableError, match="others may write"):
        load(run_dir)
