import json
import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.store.lock import start_ticks
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.control import Control, safe_id


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """The control files of a run."""
    run_dir = RunDir(tmp_path)
    for folder in run_dir.folders():
        folder.mkdir(exist_ok=True)
    return Control(run_dir, "run-1")


def rank(**more: object) -> dict[str, object]:
    """What the hook of a living rank writes."""
    me = os.getpid()
    return {"rank": 0, "world_size": 2, "pid": me, "ticks": start_ticks(me), "host": os.uname().nodename, "caps": ["save"], **more}


def test_requests_carry_the_run_and_no_path(control: Control) -> None:
    """The hook finds whom it is for, what to do and how long to hold; where to save is the job's own decision."""
    control.ask("a.1", stop=True, hold=60.0, reason="overfit")
    value = json.loads(control.dir.request.read_text(encoding="utf-8"))
    assert value == {"v": 1, "run": "run-1", "id": "a.1", "op": "save_stop", "hold_s": 60.0, "reason": "overfit"}


def test_a_request_says_how_long_the_save_may_take(control: Control) -> None:
    """Where the end is known: the hook refuses a save that took longer before."""
    control.ask("a.1", stop=True, hold=60.0, reason="SIGTERM", within=27.04)
    assert json.loads(control.dir.request.read_text(encoding="utf-8"))["within_s"] == 27.0


def test_an_answer_to_another_request_is_none(control: Control) -> None:
    """An ack under our id that names another one is not ours."""
    control.dir.ack("a").write_text(json.dumps({"id": "b", "status": "saved"}), encoding="utf-8")
    assert control.answer("a") == {}
    assert control.answer("c") == {}


@pytest.mark.parametrize("text", ["{", "[]", "7", "", '{"rank": "x"}', '{"rank": 0}'])
def test_nonsense_in_the_ranks_is_nobody(control: Control, text: str) -> None:
    """A damaged rank file is no rank and no error, and is told once with the reason."""
    (control.dir.ranks / "rank0.json").write_text(text, encoding="utf-8")
    assert control.ranks() == []
    (why,) = control.refused()
    assert "rank0.json" in why
    assert control.ranks() == list(control.refused()) == []


def test_only_living_ranks_count(control: Control) -> None:
    """A rank whose process is gone, or whose pid is somebody else's by now, has no hook; one on another machine is believed."""
    for number, value in enumerate([rank(), rank(rank=1, ticks=1), rank(rank=2, pid=2**22 + 7), rank(rank=3, host="node7", ticks=1)]):
        (control.dir.ranks / f"rank{number}.json").write_text(json.dumps(value), encoding="utf-8")
    assert [r.rank for r in control.ranks()] == [0, 3]


def test_links_in_control_are_not_followed(control: Control, tmp_path: Path) -> None:
    """A symlink in place of an ack is treated as absent, and told."""
    real = tmp_path / "real.json"
    real.write_text(json.dumps({"id": "a", "status": "saved"}), encoding="utf-8")
    control.dir.ack("a").symlink_to(real)
    assert control.answer("a") == {}
    assert "symlink" in next(control.refused())


@given(st.text())
def test_any_text_becomes_a_part_of_a_file_name(text: str) -> None:
    """Never empty, hidden, a path, or long."""
    name = safe_id(text)
    assert name
    assert len(name) <= 80
    assert set(name) <= set(string.ascii_letters + string.digits + "._-")
    assert not name.startswith(".")
