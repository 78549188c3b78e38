import os
import re
from pathlib import Path

import pytest

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.store.create import check_ours, create, new_id, places

NOW = 1795142412.0


@pytest.fixture
def environ(tmp_path):
    return {"HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}


def test_ids_say_what_and_when():
    """Name, local time, four hex digits; nothing that a shell or a path could mind."""
    assert re.fullmatch(r"train_v4-\d{8}-\d{6}-[0-9a-f]{4}", new_id("train_v4", NOW))
    assert new_id("../../etc/x y\n", NOW).startswith("etc-x-y-2026")
    assert new_id("...", NOW).startswith("run-")
    assert len(new_id("n" * 999, NOW)) < 70


@pytest.mark.parametrize("umask", [0, 0o777])
def test_every_folder_is_ours_alone_under_any_umask(tmp_path, environ, umask):
    """0700 from the first moment."""
    old = os.umask(umask)
    try:
        run_dir = create("demo", now=NOW, log=tmp_path / "train.out", environ=environ)
    finally:
        os.umask(old)
    assert run_dir.path.parent == tmp_path / ".trainwatch"
    assert {folder.stat().st_mode & 0o777 for folder in run_dir.folders()} == {0o700}
    assert (tmp_path / ".trainwatch/.gitignore").read_text() == "*\n"
    check_ours(run_dir.path)


def test_places_in_order(tmp_path, environ):
    """TRAINWATCH_HOME alone when it is set; else beside the log, then the state directory."""
    log = tmp_path / "train.out"
    assert list(places(log, {**environ, "TRAINWATCH_HOME": str(tmp_path / "tw")})) == [tmp_path / "tw"]
    assert list(places(log, environ)) == [tmp_path / ".trainwatch", tmp_path / "state/trainwatch/runs"]
    assert list(places(None, {"HOME": "/h"})) == [Path("/h/.local/state/trainwatch/runs")]


def test_a_folder_that_others_may_write_is_passed_over(tmp_path, environ):
    """A shared project folder may have somebody's `.trainwatch`: ours then goes to the state directory."""
    (tmp_path / ".trainwatch").mkdir()
    (tmp_path / ".trainwatch").chmod(0o777)
    run_dir = create("demo", now=NOW, log=tmp_path / "train.out", environ=environ)
    assert run_dir.path.parent == tmp_path / "state/trainwatch/runs"


def test_a_bad_home_is_refused(tmp_path, environ):
    """What the user named is used or refused, never replaced in silence."""
    (tmp_path / "tw").mkdir()
    (tmp_path / "tw").chmod(0o770)
    with pytest.raises(NotReadableError, match=r"others may write to it.*chmod go-w"):
        create("demo", now=NOW, log=None, environ={**environ, "TRAINWATCH_HOME": str(tmp_path / "tw")})


def test_no_place_at_all_is_one_clear_error(tmp_path, environ, monkeypatch):
    """A read-only filesystem: what could not be made, and that training is not affected."""

    def read_only(*_args, **_more):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(NotWrittenError, match="trainwatch/runs: Read-only file system"):
        create("demo", now=NOW, log=tmp_path / "train.out", environ=environ)


def test_whose_folder_it_is(tmp_path, monkeypatch):
    """A link, a file, another user's folder: refused with the reason."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(NotReadableError, match="is not a directory"):
            check_ours(tmp_path / name)
    with pytest.raises(NotReadableError, match="No such file"):
        check_ours(tmp_path / "none")
    check_ours(tmp_path / "real")
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / "real").stat().st_uid + 1)
    with pytest.raises(NotReadableError, match="belongs to user"):
        check_ours(tmp_path / "real")
