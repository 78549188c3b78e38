import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.store.journal import Journal, read


def test_entries_come_back_in_order(tmp_path):
    """Every entry is one line with version, time and event."""
    book = Journal(tmp_path / "j")
    book.append("decision", at=1.5, key="overfit/red/1", why="x\ny")
    book.append("signal", at=2.0, pid=7)
    assert read(tmp_path / "j") == [
        {"v": 1, "at": 1.5, "event": "decision", "key": "overfit/red/1", "why": "x\ny"},
        {"v": 1, "at": 2.0, "event": "signal", "pid": 7},
    ]
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_no_journal_is_an_empty_one(tmp_path):
    """A run that decided nothing has no journal."""
    assert read(tmp_path / "j") == []


@given(cut=st.integers(0, 200))
def test_a_torn_last_line_costs_only_itself(tmp_path_factory, cut):
    """Cut anywhere, the whole lines before the cut are read, and the next writer starts on a line of its own."""
    path = tmp_path_factory.mktemp("j") / "j"
    book = Journal(path)
    for number in range(3):
        book.append("e", at=0.0, number=number)
    book.close()
    data = path.read_bytes()[:cut]
    path.write_bytes(data)
    whole = sum(1 for line in data.split(b"\n") if line.endswith(b"}"))
    assert [entry["number"] for entry in read(path)] == list(range(whole))
    after = Journal(path)
    after.append("e", at=0.0, number=9)
    after.close()
    assert [entry["number"] for entry in read(path)] == [*range(whole), 9]


def test_what_a_full_disk_refused_is_written_later(tmp_path, monkeypatch):
    """Nothing is lost: the entry waits, in order, and a torn half of it does no harm."""
    book = Journal(tmp_path / "j")
    book.append("a", at=0.0)
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: real(fd, data[:5]))
        with pytest.raises(NotWrittenError, match="No space left"):
            book.append("b", at=1.0)
    with monkeypatch.context() as patched:

        def full(fd):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

        patched.setattr(os, "fsync", full)
        with pytest.raises(NotWrittenError, match="quota"):
            book.append("c", at=2.0)
    book.append("d", at=3.0)
    assert [entry["event"] for entry in read(tmp_path / "j")] == ["a", "b", "c", "d"]


def test_a_journal_behind_a_link_is_refused(tmp_path):
    """A symlink in a run directory is somebody's trick."""
    (tmp_path / "j").symlink_to(tmp_path / "x")
    with pytest.raises(NotWrittenError):
        Journal(tmp_path / "j").append("a", at=0.0)
    with pytest.raises(NotReadableError):
        read(tmp_path / "j")
