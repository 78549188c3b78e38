import pytest

from trainwatch.model.errors import NotReadableError
from trainwatch.model.snapshot import Stop
from trainwatch.store.files import write_json
from trainwatch.store.rundir import RunDir
from trainwatch.store.statefile import StateFile, load


def test_round_trip(tmp_path):
    """State of the run, of the stop machine, and how far the logs were read."""
    state = StateFile(
        "stopping",
        5.0,
        Stop("saved", "saved and proven", "overfit", "/c/checkpoint-60", 4.0, goal="save"),
        None,
        {"/a": {"offset": 7}},
        {"request": "x"},
    )
    state.save(RunDir(tmp_path))
    assert load(RunDir(tmp_path)) == state


def test_no_file_is_no_state(tmp_path):
    """A supervisor that has not begun."""
    assert load(RunDir(tmp_path)) is None


@pytest.mark.parametrize(
    "value", [{}, {"state": "dancing"}, {"state": "running", "stop": 7}, {"state": "running", "exit_code": "x"}, {"state": []}]
)
def test_a_damaged_file_names_itself(tmp_path, value):
    """Never a state that does not exist."""
    write_json(RunDir(tmp_path).state, value)
    with pytest.raises(NotReadableError, match=r"state\.json"):
        load(RunDir(tmp_path))
