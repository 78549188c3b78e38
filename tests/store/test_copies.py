from __future__ import annotations

import os
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.inputs import Chunk
from trainwatch.store import copies
from trainwatch.store.copies import FRAME, HEAD, Copied, Copies

LOG = b"".join(b"step %d loss %.4f\n" % (i, 3 / i) for i in range(1, 9000))


def kept(folder: Path, pieces: list[int], attempt: int = 1, *, final: bool = False) -> None:
    """The log up to the last piece, in pieces that end there."""
    writer = Copies(folder)
    for start, stop in zip([0, *pieces], pieces, strict=False):
        writer.add(Chunk("/a.out", start, LOG[start:stop], 1.0, attempt))
    if final:
        writer.add(Chunk("/a.out", pieces[-1], b"", 1.0, attempt, final=True))
    else:
        writer.close()


@given(st.lists(st.integers(0, len(LOG)), min_size=1, max_size=9), st.integers(0, len(LOG)), st.integers(0, len(LOG)))
def test_what_came_can_be_read_again(tmp_path_factory, pieces, start, stop):
    """Any stretch, however the bytes came, also when another supervisor went on, which sees the first bytes once more."""
    folder = tmp_path_factory.mktemp("c") / "copies"
    for several in (sorted(pieces), [len(LOG)]):
        kept(folder, several)
    assert Copied(folder)("/a.out", 1, start, max(stop - start, 0)) == LOG[start : max(stop, start)]


def test_each_attempt_is_kept_for_itself(tmp_path):
    """A truncated log begins at 0 again; the end of an attempt is written at once; nothing is kept of what never came."""
    kept(tmp_path / "c", [100], final=True)
    writer = Copies(tmp_path / "c")
    writer.add(Chunk("/a.out", 7, b"another\n", 2.0, 2, final=True))
    read = Copied(tmp_path / "c")
    assert read("/a.out", 1, 0, 500) == LOG[:100]
    assert read("/a.out", 2, 7, 8) == b"another\n"
    assert read("/a.out", 3, 0, 8) == read("/b.out", 1, 0, 8) == b""
    assert [oct(file.stat().st_mode & 0o777) for file in (tmp_path / "c").iterdir()] == ["0o600"] * 2


def test_a_torn_frame_is_cut_off(tmp_path):
    """What a full disk tore is no end: the next supervisor writes it again."""
    kept(tmp_path / "c", [FRAME, 2 * FRAME])
    (file,) = (tmp_path / "c").iterdir()
    os.truncate(file, file.stat().st_size - 5)
    assert Copied(tmp_path / "c")("/a.out", 1, 0, 2 * FRAME) == LOG[:FRAME]
    kept(tmp_path / "c", [2 * FRAME])
    assert Copied(tmp_path / "c")("/a.out", 1, 0, 2 * FRAME) == LOG[: 2 * FRAME]


def test_there_is_a_limit(tmp_path, monkeypatch):
    """A folder stays below it; what comes then is done without, in a folder that cannot be written too."""
    monkeypatch.setattr(copies, "MOST", 30_000)
    kept(tmp_path / "c", [len(LOG)], final=True)
    noise = os.urandom(2 * FRAME)
    writer = Copies(tmp_path / "c")
    writer.add(Chunk("/b.out", 0, noise, 1.0, final=True))
    assert Copied(tmp_path / "c")("/b.out", 1, 0, 9) == b""
    (tmp_path / "file").touch()
    kept(tmp_path / "file", [100], final=True)


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"\xff" * 99])
def test_damage_is_nothing(tmp_path, damage):
    """A file of another kind holds no bytes of a log."""
    kept(tmp_path / "c", [100], final=True)
    (file,) = (tmp_path / "c").iterdir()
    file.write_bytes(damage)
    assert Copied(tmp_path / "c")("/a.out", 1, 0, 100) == b""


def test_a_frame_gives_no_more_than_it_says(tmp_path):
    """Zeros packed a thousandfold behind a head that speaks of a hundred bytes fill no memory."""
    kept(tmp_path / "c", [100], final=True)
    (file,) = (tmp_path / "c").iterdir()
    packed = zlib.compress(bytes(1 << 24))
    file.write_bytes(HEAD.pack(0, 100, len(packed)) + packed)
    read = Copied(tmp_path / "c")
    tracemalloc.start()
    assert read("/a.out", 1, 0, 100) == bytes(100)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_kill_takes_nothing_with_it(tmp_path):
    """What came a line at a time is there, for who looked before too, and a second writer goes on behind it."""
    writer, read = Copies(tmp_path / "c"), Copied(tmp_path / "c")
    lines = LOG.splitlines(keepends=True)
    at = 0
    for line in lines[:200]:
        writer.add(Chunk("/a.out", at, line, 1.0, 1))
        at += len(line)
        assert read("/a.out", 1, 0, at) == LOG[:at]
    again = Copies(tmp_path / "c")
    again.add(Chunk("/a.out", 0, LOG[: at + 50], 1.0, 1))
    assert read("/a.out", 1, 0, at + 50) == LOG[: at + 50]
    again.add(Chunk("/a.out", at + 50, LOG[at + 50 : 70000], 1.0, 1))
    assert read("/a.out", 1, 0, 70000) == LOG[:70000]


def test_what_waited_is_packed(tmp_path):
    """Loose frames make way for one that takes less, and what is read of them is the same."""
    writer, read = Copies(tmp_path / "c"), Copied(tmp_path / "c")
    for at in range(0, 6400, 64):
        writer.add(Chunk("/a.out", at, LOG[at : at + 64], 1.0, 1))
    (file,) = (tmp_path / "c").iterdir()
    loose = file.stat().st_size
    assert read("/a.out", 1, 100, 6000) == LOG[100:6100]
    writer.close()
    assert read("/a.out", 1, 0, 6400) == LOG[:6400]
    assert file.stat().st_size < 6400 < loose


def test_loose_bytes_have_a_limit_of_their_own(tmp_path, monkeypatch):
    """Many sources at once: some wait in memory, all are packed at the end."""
    monkeypatch.setattr(copies, "LOOSE", 300)
    writer = Copies(tmp_path / "c")
    for number in range(20):
        writer.add(Chunk(f"/{number}.out", 0, LOG[:100], 1.0, 1))
    assert sum(file.stat().st_size for file in (tmp_path / "c").iterdir()) < 500
    writer.close()
    assert all(Copied(tmp_path / "c")(f"/{number}.out", 1, 0, 100) == LOG[:100] for number in range(20))
