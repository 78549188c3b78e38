import os

import pytest

from trainwatch.store.requests import Answer, Request, answer, answered, ask, waiting
from trainwatch.store.rundir import RunDir


@pytest.fixture
def run_dir(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    for folder in run_dir.folders():
        folder.mkdir()
    return run_dir


def test_a_request_waits_until_it_is_answered(run_dir):
    """The supervisor reads what was asked; an answer takes the request off the list and may be renewed."""
    stop = Request("stop-2", "stop", "ann", 9.0, "bored", "demo", unsaved=True)
    save = Request("save-1", "save", "bob", 3.0)
    ask(run_dir, stop)
    ask(run_dir, save)
    assert list(waiting(run_dir, 10.0)) == [("save-1", save), ("stop-2", stop)]
    assert answered(run_dir, "stop-2") is None
    answer(run_dir, "stop-2", Answer(accepted=True, text="saving"), 10.0)
    answer(run_dir, "stop-2", Answer(accepted=True, text="stopped", exit_code=83), 20.0)
    assert answered(run_dir, "stop-2") == Answer(accepted=True, text="stopped", exit_code=83)
    assert [name for name, _ in waiting(run_dir, 10.0)] == ["save-1"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "is not JSON"),
        (b"{}", "its id is not its file's name"),
        (b'{"id": "x-1", "op": "kill", "at": 1}', "no request 'kill'"),
        (b'{"id": "x-1", "op": ["stop"], "at": 1}', "no request"),
        (b'{"id": "x-1", "op": "stop"}', "older than"),
        (b'{"id": "x-1", "op": "stop", "at": -999}', "older than"),
        (b'{"id": "../x", "op": "stop", "at": 1}', "its id is not"),
        (b"\0" * 70000, "larger than"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_the_reason(run_dir, content, why):
    """Damaged, unknown, stale, pointing elsewhere, too large: the supervisor goes on and can write down why."""
    (run_dir.requests / "x-1.json").write_bytes(content)
    ((name, refused),) = waiting(run_dir, 1.0)
    assert name == "x-1"
    assert why in refused


def test_links_scratch_files_and_files_of_others(run_dir, monkeypatch):
    """A link is not followed, a file that is being written is no request yet, and another user's is refused."""
    (run_dir.requests / ".save-2.json.ab").write_text("{")
    assert list(waiting(run_dir, 1.0)) == []
    (run_dir.requests / "save-3.json").symlink_to(run_dir.path / "elsewhere.json")
    assert "symlink" in dict(waiting(run_dir, 1.0))["save-3"]
    (run_dir.requests / "save-3.json").unlink()
    ask(run_dir, Request("save-4", "save", "eve", 1.0))
    uid = os.geteuid()
    os.chown(run_dir.requests / "save-4.json", uid, -1)
    monkeypatch.setattr("trainwatch.store.requests.os.geteuid", lambda: uid + 7)
    refused = dict(waiting(run_dir, 1.0))["save-4"]
    assert isinstance(refused, Request) if uid == 0 else "another user" in refused
