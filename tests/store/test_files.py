import errno
import os

import pytest

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.store import files
from trainwatch.store.files import read_json, write_json


def test_round_trip(tmp_path):
    """What was written is read; the file is ours alone under any umask, and no scratch file stays."""
    old = os.umask(0)
    try:
        write_json(tmp_path / "a.json", {"x": 1, "é": "\udcff\n"})
    finally:
        os.umask(old)
    assert read_json(tmp_path / "a.json") == {"x": 1, "é": "\udcff\n"}
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_numbers_that_are_not_finite_become_words(tmp_path):
    """The files are strict JSON, and `float` reads the words back."""
    write_json(tmp_path / "a.json", {"at": float("nan"), "deep": [{"x": float("-inf")}]})
    assert read_json(tmp_path / "a.json") == {"at": "nan", "deep": [{"x": "-inf"}]}


def test_absent_is_none(tmp_path):
    """No file and no folder mean the same: nothing there."""
    assert read_json(tmp_path / "a.json") is None
    assert read_json(tmp_path / "b" / "a.json") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"x":' + b"[" * 30000, b'{"x": 1' + b"0" * 9000 + b"}"])
def test_what_is_no_object_is_refused(tmp_path, content):
    """Torn, nested without end, or of another type: one error class, with the path in it."""
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(NotReadableError, match=r"a\.json"):
        read_json(path)


def test_a_huge_file_is_not_read(tmp_path):
    """A request of 100 MB costs a refusal, not memory."""
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(NotReadableError, match="larger than"):
        read_json(path)


def test_links_folders_and_pipes_are_refused(tmp_path):
    """Nothing is read through a symlink, and a pipe does not block."""
    write_json(tmp_path / "real.json", {})
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(NotReadableError):
            read_json(tmp_path / f"{name}.json")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    """A write that fails is one clear error; the old content stands and no scratch file stays."""
    write_json(tmp_path / "a.json", {"x": 1})

    def full(fd):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(NotWrittenError, match="No space left on device; free some space"):
        write_json(tmp_path / "a.json", {"x": 2})
    assert read_json(tmp_path / "a.json") == {"x": 1}
    assert len(list(tmp_path.iterdir())) == 1
