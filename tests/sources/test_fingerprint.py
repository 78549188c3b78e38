import os
from pathlib import Path

import pytest

from trainwatch.sources.fingerprint import fingerprint, is_unchanged

TEXT = b"".join(b"line %06d\n" % i for i in range(20_000))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of some length."""
    path = tmp_path / "train.out"
    path.write_bytes(TEXT)
    return path


def test_a_log_that_only_grew_is_unchanged(log: Path):
    """Appending leaves what was read as it was, unless nothing may follow."""
    seen = fingerprint(log, len(TEXT))
    assert is_unchanged(log, seen)
    assert is_unchanged(log, seen, whole=True)
    with log.open("ab") as file:
        file.write(b"more\n")
    assert is_unchanged(log, seen)
    assert not is_unchanged(log, seen, whole=True)
    assert is_unchanged(log, fingerprint(log, 1000))


def test_a_log_that_was_written_anew_is_not(log: Path):
    """Truncated, truncated and grown past the old length, replaced by a copy, gone: each is noticed."""
    seen = fingerprint(log, len(TEXT))
    os.truncate(log, 1000)
    assert not is_unchanged(log, seen)
    log.write_bytes(TEXT[:-500] + b"x" * 1000)
    assert not is_unchanged(log, seen)
    copy = log.with_name("copy")
    copy.write_bytes(TEXT)
    copy.replace(log)
    assert not is_unchanged(log, seen)
    log.unlink()
    assert not is_unchanged(log, seen)
    assert fingerprint(log, 1) is None


def test_a_log_that_was_written_to_without_growing_is_not(log: Path):
    """A byte changed anywhere shows in the time of change, as nothing follows that could explain it."""
    seen = fingerprint(log, len(TEXT))
    with log.open("r+b") as file:
        file.seek(77_777)
        file.write(b"!")
    os.utime(log, ns=(seen.modified + 1, seen.modified + 1))
    assert not is_unchanged(log, seen)


def test_a_file_shorter_than_what_was_read_has_no_fingerprint(log: Path):
    """It was truncated while it was read."""
    assert fingerprint(log, len(TEXT) + 1) is None


def test_an_empty_log_has_one(log: Path):
    """Nothing read is the beginning of everything."""
    log.write_bytes(b"")
    assert is_unchanged(log, fingerprint(log, 0))
