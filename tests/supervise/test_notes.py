import json
from pathlib import Path

import pytest

from trainwatch.store.rundir import RunDir
from trainwatch.supervise.control import Rank
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.notes import NO_HOOK, PATIENCE, Notes


def rank(**more: str) -> Rank:
    return Rank(0, 2, 1, 1, "here", frozenset({"save"}), 5, "train", 0, **more)


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    """The journal of a run."""
    return Diary(RunDir(tmp_path))


def events(diary: Diary) -> list[tuple[str, str]]:
    return [(entry["event"], entry["why"]) for entry in map(json.loads, diary.path.read_text(encoding="utf-8").splitlines())]


def test_a_hook_that_never_shows_is_missed_after_five_minutes(diary: Diary) -> None:
    """Only where it was put into the job, and only until a rank shows it."""
    notes = Notes(diary, hooked=True)
    notes.look([], (), 0.0)
    notes.look([], (), PATIENCE)
    assert notes.now() == []
    notes.look([], (), PATIENCE + 1)
    notes.look([], (), PATIENCE + 2)
    assert notes.now() == [NO_HOOK]
    notes.look([rank()], (), PATIENCE + 3)
    assert notes.now() == []
    assert events(diary) == [("no_hook", NO_HOOK)]
    without = Notes(diary, hooked=False)
    without.look([], (), 0.0)
    without.look([], (), 10 * PATIENCE)
    assert without.now() == []


def test_what_the_hook_refuses_is_told_until_it_saves(diary: Diary) -> None:
    """The heartbeat carries the reason once; it stands until a best evaluation is saved after all."""
    notes = Notes(diary, hooked=True)
    notes.look([rank(refused="no room: 1.0 GB are free")], (), 1.0)
    notes.look([rank()], (), 2.0)
    assert notes.now() == ["the best evaluation is not saved: no room: 1.0 GB are free"]
    notes.saved()
    assert notes.now() == []
    assert events(diary) == [("hook_refused", "no room: 1.0 GB are free")]


def test_a_hook_that_is_off_and_files_that_are_not_read_are_journalled_once(diary: Diary) -> None:
    """With the reason that the hook gives, and that of each file."""
    notes = Notes(diary, hooked=True)
    for now in (1.0, 2.0):
        notes.look([rank(off="OSError: x")], ["rank0.json: is a symlink"], now)
    assert notes.now() == ["the hook is off on rank 0: OSError: x"]
    assert events(diary) == [("refused", "rank0.json: is a symlink"), ("hook_off", "the hook is off on rank 0: OSError: x")]
