import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.model.inputs import CheckpointSeen, Chunk, Gpu, Joined, Order, Sample, Tick
from trainwatch.model.part import Part
from trainwatch.store.arrivals import Arrivals, Recorded

LOGS = {"/a.out": bytes(range(256)) * 4, "/b.err": b"loss: 1\n" * 99}
TIME = st.floats(0, 2e9)
TEXT = st.text(max_size=9)
GPU = st.builds(
    Gpu, st.integers(0, 9), TEXT, TEXT, st.none() | st.floats(0, 1), st.none() | st.integers(0), st.none() | st.integers(0),
    st.none() | TIME, st.none() | TIME, st.lists(st.tuples(st.integers(1), st.integers(0))).map(tuple),
)  # fmt: skip
OTHERS = (
    st.builds(Tick, TIME)
    | st.builds(Sample, TIME, st.lists(GPU, max_size=2).map(tuple), TEXT)
    | st.builds(
        CheckpointSeen,
        TIME,
        TEXT,
        st.none() | st.integers(),
        st.booleans(),
        TEXT,
        TEXT,
        st.integers(0),
        st.sampled_from(["job", "request"]),
    )
    | st.builds(Order, TIME, TEXT, st.sampled_from(["save", "stop"]), TEXT, TEXT, st.dictionaries(TEXT, TEXT | st.booleans() | TIME))
    | st.builds(Joined, TIME, st.lists(st.builds(Part, TEXT, st.integers(1, 9), st.none() | st.integers(0, 99)), max_size=3).map(tuple))
)


def fetch(source, offset, length):
    return LOGS[source][offset : offset + length]


@st.composite
def chunk(draw):
    source = draw(st.sampled_from(sorted(LOGS)))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(LOGS[source]))] * 2)))
    return Chunk(source, start, LOGS[source][start:stop], draw(TIME), draw(st.integers(1, 3)), draw(st.booleans()), draw(st.booleans()))


@given(st.lists(chunk() | OTHERS), st.integers(0, 9))
def test_what_was_written_comes_back(tmp_path_factory, items, restart):
    """Every input, equal in all its parts and in order, though the bytes of logs are not in the file; writers may come and go."""
    path = tmp_path_factory.mktemp("a") / "a"
    for part in (items[:restart], items[restart:]):
        arrivals = Arrivals(path)
        for item in part:
            arrivals.write(item)
        arrivals.close()
    recorded = Recorded(path, fetch)
    assert list(recorded.read()) == items
    assert not recorded.lost


def test_following_chunks_are_short(tmp_path):
    """The usual line costs 40 bytes: a day of ten polls a second has to fit."""
    arrivals = Arrivals(tmp_path / "a")
    for start in range(0, 200, 2):
        arrivals.write(Chunk("/a.out", start, LOGS["/a.out"][start : start + 2], 1795142412.25))
    assert (tmp_path / "a").stat().st_size < 100 * 40
    assert b"".join(item.data for item in Recorded(tmp_path / "a", fetch).read()) == LOGS["/a.out"][:200]


def test_a_reader_goes_on_where_it_ended(tmp_path):
    """A view reads what a live supervisor appends, and a half line only when it is whole."""
    arrivals, recorded = Arrivals(tmp_path / "a"), Recorded(tmp_path / "a", fetch)
    assert list(recorded.read()) == []
    arrivals.write(Tick(1.0))
    assert list(recorded.read()) == [Tick(1.0)]
    with (tmp_path / "a").open("ab") as file:
        file.write(b'["t",2')
    assert list(recorded.read()) == []
    with (tmp_path / "a").open("ab") as file:
        file.write(b".0]\n")
    assert list(recorded.read()) == [Tick(2.0)]


def test_unknown_time_stays_unknown(tmp_path):
    """A log nobody watched has no arrival times."""
    Arrivals(tmp_path / "a").write(Chunk("/a.out", 0, b"", math.nan, final=True))
    (item,) = Recorded(tmp_path / "a", fetch).read()
    assert math.isnan(item.seen_at)
    assert item.final


def test_bytes_that_are_gone_are_named(tmp_path):
    """Truncated and grown again, the log holds other bytes: they are not taken for those that arrived, and the loss is said."""
    arrivals = Arrivals(tmp_path / "a")
    arrivals.write(Chunk("/a.out", 0, b"old bytes", 1.0))
    arrivals.write(Chunk("/a.out", 9, b"", 2.0, final=True))
    arrivals.write(Chunk("/a.out", 0, LOGS["/a.out"][:3], 3.0, attempt=2))
    recorded = Recorded(tmp_path / "a", fetch)
    assert [(item.attempt, item.data) for item in recorded.read()] == [(1, b""), (2, b"\0\1\2")]
    assert recorded.lost == {("/a.out", 1): 9}
    assert "9 bytes of attempt 1" in recorded.caveats[0]
    assert recorded.ends == {"/a.out": (2, 3)}


def test_torn_and_foreign_lines_are_left_out(tmp_path):
    """A crash in the middle of a line costs that line; kinds of a newer version are ignored."""
    (tmp_path / "a").write_bytes(b'["t",1.0]\n["z",1]\n["c",0,1,2,3]\n["k"]\n{}\n[]\n7\n["t",')
    Arrivals(tmp_path / "a").write(Tick(2.0))
    assert list(Recorded(tmp_path / "a", fetch).read()) == [Tick(1.0), Tick(2.0)]


def test_after_a_full_disk_chunks_are_whole_again(tmp_path, monkeypatch):
    """A line that could not be written does not shift the offsets of those after it."""
    arrivals = Arrivals(tmp_path / "a")
    arrivals.write(Chunk("/a.out", 0, LOGS["/a.out"][:4], 1.0))
    real = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
        with pytest.raises(NotWrittenError):
            arrivals.write(Chunk("/a.out", 4, LOGS["/a.out"][4:6], 2.0))
    arrivals.write(Chunk("/a.out", 6, LOGS["/a.out"][6:8], 3.0))
    assert [(item.offset, item.data) for item in Recorded(tmp_path / "a", fetch).read()] == [(0, b"\0\1\2\3"), (6, b"\6\7")]


def test_a_file_behind_a_link_is_refused(tmp_path):
    """A symlink in a run directory is not followed."""
    (tmp_path / "a").symlink_to(tmp_path / "x")
    with pytest.raises(NotReadableError):
        list(Recorded(tmp_path / "a", fetch).read())
