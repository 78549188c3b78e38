import gzip
import os

from hypothesis import given
from hypothesis import strategies as st

from trainwatch.sources.tail import SMALL, TAIL, lines_before, sampled


def test_a_large_log_is_sampled_in_whole_lines(tmp_path):
    """From all over the file, in order, each byte where it is, the newest line last; as little however large the log."""
    path = tmp_path / "a.out"
    line = b"step %09d loss 1.0 and some more text that a log line may have\n"
    data = b"".join(line % i for i in range(3 * SMALL // len(line % 0)))
    path.write_bytes(data)
    parts = list(sampled(path))
    assert all(data[p.offset : p.offset + len(p.data)] == p.data for p in parts)
    assert all(p.data.startswith(b"step ") and p.data.endswith(b"\n") for p in parts)
    assert [p.offset for p in parts] == sorted(p.offset for p in parts)
    assert parts[0].offset == 0
    assert parts[-1].offset + len(parts[-1].data) == len(data)
    assert TAIL < sum(len(p.data) for p in parts) <= SMALL


def test_small_and_packed_logs_are_not_sampled(tmp_path):
    """They are read as a whole at once."""
    (tmp_path / "a.out").write_bytes(b"x\n" * 1000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(os.urandom(SMALL + 1)))
    assert list(sampled(tmp_path / "a.out")) == []
    assert list(sampled(tmp_path / "a.gz")) == []


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(1, 9))
def test_lines_before_a_byte(tmp_path_factory, data, end, count):
    """As many lines as asked for, or all there are, ending exactly there."""
    data, end = data.replace(b"\0", b"\n"), min(end, len(data))
    path = tmp_path_factory.mktemp("t") / "a"
    path.write_bytes(data)
    with path.open("rb") as file:
        start, got = lines_before(file.fileno(), end, count)
    assert got == data[start:end]
    lines = data[:end].splitlines(keepends=True) if b"\r" not in data else None
    if lines is not None:
        expected = [part + b"\n" for part in data[:end].split(b"\n")]
        expected = expected[:-1] if expected[-1] == b"\n" else [*expected[:-1], expected[-1][:-1]]
        assert got == b"".join(expected[-count:])


def test_an_endless_line_is_cut(tmp_path):
    """A log without newlines does not fill the memory."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 300_000)
    with path.open("rb") as file:
        start, got = lines_before(file.fileno(), 300_000, 10, limit=50_000)
    assert len(got) < 70_000
    assert start + len(got) == 300_000
