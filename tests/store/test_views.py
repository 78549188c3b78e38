from pathlib import Path

import pytest

from trainwatch.store.rundir import RunDir
from trainwatch.store.views import GONE, PERIOD, Attendance, Presence


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    """A run directory of an earlier version, without the folder of views."""
    return RunDir(tmp_path)


def test_a_view_is_there_as_long_as_it_renews_itself(run_dir: RunDir) -> None:
    """From its first word until it leaves."""
    view, attendance = Presence(run_dir), Attendance(run_dir)
    assert not attendance.anybody(0.0)
    view.renew(100.0)
    assert attendance.anybody(1.0)
    view.renew(100.0 + PERIOD)
    assert attendance.anybody(1.0 + GONE)
    view.leave()
    assert not attendance.anybody(2.0 + GONE)


def test_a_view_that_was_killed_is_gone_soon(run_dir: RunDir) -> None:
    """Its file lies there and is not renewed."""
    Presence(run_dir).renew(0.0)
    attendance = Attendance(run_dir)
    assert attendance.anybody(10.0)
    assert attendance.anybody(10.0 + GONE - 1)
    assert not attendance.anybody(10.0 + GONE)


def test_it_does_not_write_more_often_than_needed(run_dir: RunDir) -> None:
    """Once in five seconds, whoever asks."""
    view = Presence(run_dir)
    view.renew(1.0)
    (path,) = run_dir.views.iterdir()
    before = path.stat().st_ino
    view.renew(1.0 + PERIOD - 1)
    assert path.stat().st_ino == before
    view.renew(1.0 + PERIOD)
    assert path.stat().st_ino != before


def test_a_run_directory_that_cannot_be_written_is_looked_at(run_dir: RunDir) -> None:
    """The view opens all the same; it cannot say no."""
    run_dir.views.write_text("no folder", encoding="utf-8")
    view = Presence(run_dir)
    view.renew(1.0)
    view.leave()
    assert not Attendance(run_dir).anybody(1.0)
