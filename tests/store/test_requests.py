import pytest

from trainwatch.model.errors import NotReadableError
from trainwatch.model.inputs import Order
from trainwatch.model.snapshot import Command
from trainwatch.store.requests import Answer, answer, answered, pending, post
from trainwatch.store.rundir import RunDir


@pytest.fixture
def run_dir(tmp_path):
    run_dir = RunDir(tmp_path / "run")
    for folder in run_dir.folders():
        folder.mkdir()
    return run_dir


def test_a_request_is_an_order_until_it_is_answered(run_dir):
    """The supervisor reads what was asked, oldest first; an answer takes the request off the list and may be renewed."""
    late = post(run_dir, Command("stop", reason="bored", confirm="demo", unsaved=True), who="ann", at=9.0)
    early = post(run_dir, Command("save"), who="bob", at=3.0)
    assert list(pending(run_dir)) == [
        Order(3.0, early, "save", "bob", "", {"confirm": "", "unsaved": False}),
        Order(9.0, late, "stop", "ann", "bored", {"confirm": "demo", "unsaved": True}),
    ]
    assert answered(run_dir, late) is None
    answer(run_dir, late, Answer(accepted=True, text="saving"), at=10.0)
    answer(run_dir, late, Answer(accepted=True, text="stopped", exit_code=83), at=20.0)
    assert answered(run_dir, late) == Answer(accepted=True, text="stopped", exit_code=83)
    assert [order.id for order in pending(run_dir)] == [early]


@pytest.mark.parametrize(
    "content", [b"{", b"{}", b'{"op": "kill", "at": 1}', b'{"op": "stop"}', b'{"op": "stop", "at": "x"}', b"\0" * 70000]
)
def test_a_damaged_request_is_an_error_in_its_place(run_dir, content):
    """The supervisor goes on, and can write down what was wrong with which file."""
    (run_dir.requests / "stop-1.json").write_bytes(content)
    (error,) = pending(run_dir)
    assert isinstance(error, NotReadableError)
    assert "stop-1.json" in str(error)


def test_a_request_cannot_name_another(run_dir):
    """Its id is the name of its file, so the answer goes where the request lies; links and scratch files are no requests."""
    (run_dir.requests / "save-1.json").write_text('{"op": "save", "at": 1, "id": "../../x"}')
    (run_dir.requests / ".save-2.json.ab").write_text("{")
    (order,) = pending(run_dir)
    assert order.id == "save-1"
    (run_dir.requests / "save-1.json").unlink()
    (run_dir.requests / "save-3.json").symlink_to(run_dir.path / "elsewhere.json")
    assert [type(item) for item in pending(run_dir)] == [NotReadableError]
