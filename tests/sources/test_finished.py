import gzip
import math
import os
import random
import threading
from pathlib import Path

import pytest

from trainwatch.model.errors import NotFoundError, NotReadableError
from trainwatch.sources.finished import CHUNK, chunks
from trainwatch.sources.follow import Follower
from trainwatch.sources.readable import is_log, is_packed


def joined(path):
    parts = list(chunks(path))
    assert [chunk.offset for chunk in parts] == [sum(len(p.data) for p in parts[:i]) for i in range(len(parts))]
    assert [chunk.final for chunk in parts] == [False] * (len(parts) - 1) + [True]
    assert all(math.isnan(chunk.seen_at) and len(chunk.data) <= CHUNK for chunk in parts)
    return b"".join(chunk.data for chunk in parts)


TEXT = b"".join(b"line %d of a log\n" % i for i in range(30_000))


@pytest.mark.parametrize("data", [b"", b"no newline", TEXT])
def test_every_byte_once_and_an_end(tmp_path, data):
    """Plain or packed, the same chunks: all bytes in order, then an empty final chunk; arrival times are unknown."""
    (tmp_path / "a.out").write_bytes(data)
    (tmp_path / "a.gz").write_bytes(gzip.compress(data))
    assert joined(tmp_path / "a.out") == data
    assert joined(tmp_path / "a.gz") == data
    assert is_packed(tmp_path / "a.gz")
    assert not is_packed(tmp_path / "a.out")


def test_a_packed_log_that_is_still_written_ends_where_it_ends(tmp_path):
    """Half a gzip file gives the bytes that are there."""
    packed = gzip.compress(random.Random(1).randbytes(1000).hex().encode())
    (tmp_path / "a.gz").write_bytes(packed[:600])
    assert 0 < len(joined(tmp_path / "a.gz")) < 2000


def test_a_log_packed_in_parts_is_one_log(tmp_path):
    """Rotated parts put one behind the other, with the padding that tapes leave."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(TEXT) + gzip.compress(b"more\n") + bytes(512))
    assert joined(tmp_path / "a.gz") == TEXT + b"more\n"


def test_damaged_gzip_is_said(tmp_path):
    """Not silently shorter."""
    packed = bytearray(gzip.compress(TEXT))
    packed[2000:2100] = bytes(100)
    (tmp_path / "a.gz").write_bytes(packed)
    with pytest.raises(NotReadableError, match="cannot be read to its end"):
        list(chunks(tmp_path / "a.gz"))


def test_a_pipe_is_read_to_its_end(tmp_path):
    """`check <(zcat train.out.gz)` works like a file."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a\nb\n",))
    writer.start()
    assert joined(path) == b"a\nb\n"
    writer.join()


def test_what_is_not_there_or_cannot_be_read(tmp_path, monkeypatch):
    """Missing is 3; a folder, a device or no permission is 4; each names the path."""
    with pytest.raises(NotFoundError, match=r"none\.out: no such file"):
        list(chunks(tmp_path / "none.out"))
    with pytest.raises(NotReadableError, match="is a directory"):
        list(chunks(tmp_path))
    with pytest.raises(NotReadableError, match="is a device"):
        list(chunks(tmp_path / "/dev/null"))
    with pytest.raises(NotReadableError, match="/proc/self/mem: Input/output error"):
        list(chunks(Path("/proc/self/mem")))

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trainwatch.sources.readable.os.open", refuse)
    with pytest.raises(NotReadableError, match="Permission denied"):
        list(chunks(tmp_path / "a.out"))


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 64,
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03",
        b"\x58\x02\0\0\0\0\0\0" + b'{"model.weight":{"dtype":"F32"}}' * 20,
        b"PK\x03\x04\x14\0\0\0" + b"x" * 100,
        b"text\n" * 2000 + random.Random(0).randbytes(40_000),
    ],
)
def test_binary_files_are_no_logs(tmp_path, data):
    """A program, a checkpoint, an archive, text with a blob behind it."""
    (tmp_path / "a").write_bytes(data)
    assert not is_log(tmp_path / "a")
    with pytest.raises(NotReadableError, match="is binary, not a log"):
        list(chunks(tmp_path / "a"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 9000 + b"loss: 1\n",
        b"loss: 1\n" + b"\0" * 9000,
        "loss: 1\n".encode("utf-16"),
        b"\x1b[31mred\x1b[0m\r 10%|\xe2\x96\x88| 1/10\a\b\n" * 9,
        b"caf\xe9 \xff\xfe latin-1\n" * 9,
        b"\0",
    ],
)
def test_broken_text_is_still_a_log(tmp_path, data):
    """Holes, escapes, bars, UTF-16, bytes that are no UTF-8: logs are like that."""
    (tmp_path / "a").write_bytes(data)
    assert is_log(tmp_path / "a")


@pytest.mark.parametrize("size", [1, 5000, CHUNK, 3 * CHUNK + 7])
def test_a_hole_before_the_first_byte_is_left_out(tmp_path, size):
    """As a follower does: what a truncated file holds, where it lies; a file of nothing else is empty."""
    path = tmp_path / "a.out"
    path.write_bytes(bytes(size) + b"one\ntwo\n")
    found = [(chunk.offset, chunk.data) for chunk in chunks(path) if chunk.data]
    assert b"".join(data for _, data in found) == b"one\ntwo\n"
    assert found[0][0] == size
    follower = Follower(path)
    followed = follower.read(0.0)
    follower.close()
    assert followed is not None
    assert followed.offset == size
    path.write_bytes(bytes(size))
    assert [(chunk.offset, chunk.data, chunk.final) for chunk in chunks(path)] == [(size, b"", True)]
