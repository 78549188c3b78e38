import os
import stat
from array import array
from pathlib import Path

import pytest

from trainwatch.store import columns

HEADER = {"of": "train.out"}
STATE = {"rows": [1, 2, 3]}
RAW = [array("d", [1.5, float("nan")]), b"12345678"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where columns go."""
    return tmp_path / "cache" / "one.columns"


def test_columns_come_back_as_they_were(path: Path):
    """Header, state and raw bytes, in a file and folder of ours alone."""
    assert columns.write(path, columns.encode(HEADER, STATE, RAW))
    kept = columns.read(path)
    assert (kept.header, kept.state) == (HEADER, STATE)
    assert bytes(kept.raw) == RAW[0].tobytes() + RAW[1]
    assert columns.read_header(path) == HEADER
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_nothing_kept_is_nothing(path: Path):
    """No file, no folder: no error."""
    assert columns.read(path) is None
    assert columns.read_header(path) is None


def test_a_damaged_file_is_ignored(path: Path):
    """Cut anywhere, or with any byte changed: never an error, never a wrong value."""
    columns.write(path, columns.encode(HEADER, STATE, RAW))
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        assert columns.read(path) is None, end
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        kept = columns.read(path)
        assert kept is None or (kept.state == STATE and bytes(kept.raw) == RAW[0].tobytes() + RAW[1]), at


def test_a_file_that_others_could_have_written_is_ignored(path: Path, tmp_path: Path):
    """Group or world may write it, a link leads elsewhere, a pipe stands there."""
    columns.write(path, columns.encode(HEADER, STATE, RAW))
    path.chmod(0o620)
    assert columns.read(path) is None
    path.chmod(0o600)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert columns.read(path) is None
    path.unlink()
    os.mkfifo(path)
    assert columns.read(path) is None


def test_a_folder_that_others_may_write_to_is_not_used(path: Path):
    """Who could put a file there could put ours there."""
    path.parent.mkdir(mode=0o777)
    path.parent.chmod(0o777)
    assert not columns.write(path, columns.encode(HEADER, STATE, RAW))
    assert list(path.parent.iterdir()) == []


def test_a_disk_that_is_read_only_only_costs_time(tmp_path: Path):
    """Nothing is kept and nothing raised."""
    place = tmp_path / "file"
    place.touch()
    assert not columns.write(place / "columns" / "one.columns", columns.encode(HEADER, STATE, RAW))


def test_what_is_too_large_is_not_kept_nor_is_what_it_replaces(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Above the bound, or a twentieth of the free disk, the old file goes too: it would never be right again."""
    assert columns.write(path, columns.encode(HEADER, STATE, RAW))
    assert not columns.write(path, columns.encode(HEADER, STATE, RAW), most=20)
    assert not path.exists()
    monkeypatch.setattr(columns, "_free", lambda _: 19 * 20)
    assert not columns.write(path, columns.encode(HEADER, STATE, RAW))


def test_the_oldest_give_way(path: Path):
    """All files together stay within the bound; what was used of late stays."""
    for number in range(5):
        file = path.with_name(f"{number}.columns")
        assert columns.write(file, columns.encode(HEADER, STATE, [bytes(1000)]), most=4000)
        os.utime(file, (number, number))
    assert sorted(f.name for f in path.parent.iterdir()) == ["2.columns", "3.columns", "4.columns"]


def test_lengths_that_are_none_are_ignored():
    """The line behind the header says anything but three lengths: damaged, and no error."""
    for lengths in (b"{}", b'{"0": 1}', b"null", b"[]", b"[[], [], []]", b"[-1, 1, 0]"):
        assert columns.parse(memoryview(columns.MAGIC + b"{}\n" + lengths + b"\n")) is None


def test_a_file_larger_than_any_that_is_kept_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch):
    """It would fill memory; nothing of it is taken."""
    columns.write(path, columns.encode({}, [1], []))
    assert columns.read(path) is not None
    monkeypatch.setattr(columns, "MOST", path.stat().st_size - 1)
    assert columns.read(path) is None
