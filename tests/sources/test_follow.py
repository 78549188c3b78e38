import gzip
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from trainwatch.model.errors import NotReadableError
from trainwatch.sources.follow import CHUNK, MARK, Follower


def drain(follower, now=0.0):
    """Everything there is to read, by attempt, checked to be without gap or repetition."""
    got = {}
    while (chunk := follower.read(now)) is not None:
        attempt = got.setdefault(chunk.attempt, bytearray())
        attempt += chunk.data
        assert len(chunk.data) <= CHUNK
    return {attempt: bytes(data) for attempt, data in got.items()}


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "train.out"


def test_appended_bytes_come_once(log):
    """What is there comes in chunks, what is appended comes later, and nothing new is None."""
    log.write_bytes(b"x" * (CHUNK + 5))
    follower = Follower(log)
    first, second = follower.read(1.0), follower.read(2.0)
    assert (first.offset, len(first.data), first.seen_at, first.source) == (0, CHUNK, 1.0, str(log))
    assert (second.offset, second.data) == (CHUNK, b"xxxxx")
    assert follower.read(3.0) is None
    append(log, b"a half li")
    assert follower.read(4.0).data == b"a half li"
    append(log, b"ne\n")
    assert follower.read(5.0).data == b"ne\n"


def test_a_log_may_come_later(log):
    """A job that has not printed yet has no file; the reason is there in words."""
    follower = Follower(log)
    assert follower.read(0.0) is None
    assert follower.problem == "No such file or directory"
    log.write_bytes(b"a\n")
    assert drain(follower) == {1: b"a\n"}
    assert follower.problem == ""


@pytest.mark.parametrize("new", [b"", b"b\n", b"n" * 12, b"longer than before\n"])
def test_truncation_is_seen_at_any_new_length(log, new):
    """Shorter, as long, or grown past the old offset between two polls: the old attempt ends, the next begins at 0."""
    log.write_bytes(b"first line\n\n")
    follower = Follower(log)
    drain(follower)
    log.write_bytes(new)
    end = follower.read(1.0)
    assert (end.attempt, end.data, end.final, end.offset) == (1, b"", True, 12)
    assert drain(follower) == ({2: new} if new else {})
    assert follower.attempt == 2


def test_a_renamed_log_is_followed_while_its_writer_goes_on(log, tmp_path):
    """Rotation by rename: the rest of the old file is read before the new one, and a new one that is still empty waits."""
    writer = log.open("ab", buffering=0)
    writer.write(b"one\n")
    follower = Follower(log)
    assert drain(follower) == {1: b"one\n"}
    log.rename(tmp_path / "train.out.1")
    writer.write(b"two\n")
    assert drain(follower) == {1: b"two\n"}
    log.touch()
    writer.write(b"three\n")
    assert drain(follower) == {1: b"three\n"}
    writer.write(b"four, no newline")
    log.write_bytes(b"five\n")
    assert drain(follower) == {1: b"four, no newline", 2: b"five\n"}
    writer.close()


@pytest.mark.parametrize("how", ["replace", "recreate"])
def test_another_file_of_that_name_is_the_next_attempt(log, tmp_path, how):
    """What was appended before the old file went is not lost, even with the inode used again."""
    log.write_bytes(b"old\n")
    follower = Follower(log)
    drain(follower)
    append(log, b"unread\n")
    if how == "replace":
        (tmp_path / "n").write_bytes(b"new\n")
        (tmp_path / "n").replace(log)
    else:
        log.unlink()
        log.write_bytes(b"new\n")
    assert drain(follower) == {1: b"unread\n", 2: b"new\n"}


def test_a_longer_copy_of_itself_goes_on(log, tmp_path):
    """Copied by rsync, a log is a new file at every run, and still the same attempt."""
    log.write_bytes(bytes(range(256)) * 2)
    follower = Follower(log)
    drain(follower)
    shutil.copy(log, tmp_path / "n")
    append(tmp_path / "n", b"more\n")
    (tmp_path / "n").replace(log)
    assert drain(follower) == {1: b"more\n"}


def test_a_hole_of_nuls_is_skipped(log):
    """A writer without O_APPEND goes on at its old offset after a truncation: the zeros before are not text."""
    with log.open("wb", buffering=0) as writer:
        writer.write(b"x" * 300_000)
        follower = Follower(log)
        drain(follower)
        os.truncate(log, 0)
        writer.write(b"after\n")
    assert drain(follower) == {1: b"", 2: b"after\n"}
    append(log, b"next\n")
    assert drain(follower) == {2: b"next\n"}


def test_nuls_at_the_end_wait_for_their_bytes(log):
    """A network filesystem may show the size of a file before its bytes: zeros at the end are read again."""
    log.write_bytes(b"a\n\0\0\0")
    follower = Follower(log)
    assert drain(follower) == {1: b"a\n"}
    log.write_bytes(b"a\nb\nc")
    assert drain(follower) == {1: b"b\nc"}


def test_a_log_of_zeros_ends(log):
    """Megabytes of zeros in the middle of a log neither hang nor hide what follows."""
    log.write_bytes(b"a\n" + b"\0" * (3 * CHUNK) + b"b\n")
    assert drain(Follower(log))[1].replace(b"\0", b"") == b"a\nb\n"


def test_reading_may_begin_in_the_middle(log):
    """A job that appends to a file is followed from the length that it had; a rewrite is seen from there too."""
    log.write_bytes(b"before\n")
    follower = Follower(log, offset=7)
    assert drain(follower) == {}
    append(log, b"after\n")
    assert drain(follower) == {1: b"after\n"}
    log.write_bytes(b"AFTER and more than before\n")
    assert drain(follower) == {1: b"", 2: b"AFTER and more than before\n"}


@pytest.mark.parametrize("rewrite", [False, True])
def test_a_restart_neither_loses_nor_repeats(log, rewrite):
    """The stored position finds its place again, and a file that was rewritten meanwhile."""
    log.write_bytes(b"one\n")
    follower = Follower(log)
    drain(follower)
    state = follower.state()
    follower.close()
    if rewrite:
        log.write_bytes(b"other and longer\n")
    else:
        append(log, b"two\n")
    assert drain(Follower.restore(log, state)) == ({1: b"", 2: b"other and longer\n"} if rewrite else {1: b"two\n"})


def test_a_damaged_position_is_an_error(log):
    """What is stored is checked before it is trusted."""
    with pytest.raises(NotReadableError, match="position is damaged"):
        Follower.restore(log, {"attempt": 1})


def test_the_end_is_a_final_chunk(log):
    """A last line without newline is complete once nothing follows."""
    log.write_bytes(b"no newline")
    follower = Follower(log, "out")
    drain(follower)
    end = follower.end(9.0)
    assert (end.source, end.offset, end.data, end.seen_at, end.final) == ("out", 10, b"", 9.0, True)


def test_a_file_without_permission_is_said_in_words(log, monkeypatch):
    """The watcher goes on; the reason can be shown."""
    log.write_bytes(b"a")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("trainwatch.sources.follow.os.open", refuse)
    follower = Follower(log)
    assert follower.read(0.0) is None
    assert follower.problem == "Permission denied"


@pytest.mark.parametrize("name", ["train.out.1", "train.out.2.gz", "train.out-20260101", "train.out.20260101-0300.gz"])
def test_what_a_rotated_part_holds_more_is_read(log, name):
    """Renamed, copied or packed while nobody watched: the rest of it, then the new file, which is no new start."""
    log.write_bytes(b"one\n")
    follower = Follower(log)
    drain(follower)
    append(log, b"two\nthree\n")
    data, state = log.read_bytes(), follower.state()
    follower.close()
    log.with_name(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    log.write_bytes(b"four\n")
    follower = Follower.restore(log, state)
    chunks = []
    while (chunk := follower.read(0.0)) is not None:
        chunks.append((chunk.attempt, chunk.offset, chunk.data, chunk.final, chunk.goes_on))
    assert chunks == [(1, 4, b"two\nthree\n", False, False), (1, 14, b"", True, False), (2, 0, b"four\n", False, True)]
    append(log, b"five\n")
    assert drain(Follower.restore(log, follower.state())) == {2: b"five\n"}


@pytest.mark.parametrize(
    ("old", "newer"),
    [("train.out.3.gz", ["train.out.2.gz", "train.out.1"]), ("train.out-20260101", ["train.out-20260102", "train.out-20260103.gz"])],
)
def test_a_log_that_was_rotated_several_times_is_read_through(log, old, newer):
    """While nobody watched: the rest of the part that was begun, all of the later ones in their order, then the new file; each byte once."""
    log.write_bytes(b"one\n")
    follower = Follower(log)
    drain(follower)
    state = follower.state()
    follower.close()
    parts = {old: b"one\ntwo\n", **dict(zip(newer, [b"three\n", b"four\n"], strict=True))}
    for name, data in reversed(parts.items()):
        log.with_name(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    log.with_name(old.removesuffix(".gz") + ("" if old.endswith(".gz") else ".gz")).write_bytes(b"\x1f\x8bnot packed to its end")
    log.write_bytes(b"five\n")
    assert drain(Follower.restore(log, state)) == {1: b"two\nthree\nfour\n", 2: b"five\n"}


def test_a_requeue_is_a_new_start(log):
    """A truncated log beside parts that do not hold what was read last, or whose names are not those of parts."""
    log.write_bytes(b"one\n" * 80)
    follower = Follower(log)
    drain(follower)
    shutil.copy(log, log.with_name("train.out.bak"))
    log.with_name("train.out.1").write_bytes(b"two\n" * 80)
    log.with_name("train.out.2.gz").write_bytes(b"\x1f\x8bdamaged")
    log.write_bytes(b"again\n")
    assert follower.read(0.0).final
    assert not follower.read(0.0).goes_on


class Files(RuleBasedStateMachine):
    """Random changes, polls and restarts in any order, against a model of what must be read."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name) / "log"
        self.log.touch()
        self.follower = Follower(self.log)
        self.serial = 0
        self.expected = [b""]
        self.got = [b""]
        self.rotations = set()
        self.told = set()

    def text(self, size):
        """Bytes that appear once: a wrong offset cannot go unseen."""
        self.serial += 1
        return b"".join(b"%d:%d " % (self.serial, i) for i in range(size + 1))

    def poll(self):
        """Read all there is."""
        while (chunk := self.follower.read(0.0)) is not None:
            while len(self.got) < chunk.attempt:
                self.got.append(b"")
            assert chunk.offset == len(self.got[chunk.attempt - 1])
            self.got[chunk.attempt - 1] += chunk.data
            if chunk.goes_on:
                assert chunk.offset == 0
                self.told.add(chunk.data)

    def begin(self, data):
        """A new attempt is expected, unless the one before was empty."""
        if self.expected[-1]:
            self.expected.append(data)
        else:
            self.expected[-1] = data

    @rule(size=st.integers(0, 200))
    def append(self, size):
        """The usual case."""
        data = self.text(size)
        append(self.log, data)
        self.expected[-1] += data

    @rule(size=st.integers(0, 200), empty=st.booleans())
    def truncate(self, size, empty):
        """Emptied or rewritten in place."""
        self.poll()
        data = b"" if empty else self.text(size)
        self.log.write_bytes(data)
        self.begin(data)

    @rule(size=st.integers(0, 200), unlink=st.booleans())
    def replace(self, size, unlink):
        """Another file takes the name."""
        self.poll()
        self.append(1)
        other = self.log.with_name("other")
        data = self.text(size)
        other.write_bytes(data)
        if unlink:
            self.log.unlink()
        other.rename(self.log)
        self.begin(data)
        self.poll()

    @rule(size=st.integers(0, 200), packed=st.booleans(), copied=st.booleans(), down=st.booleans())
    def rotate(self, size, packed, copied, down):
        """The log is renamed or copied, packed or not, whether or not somebody watches; nobody has read its end."""
        self.append(1)
        self.poll()
        state = self.follower.state()
        if down:
            self.follower.close()
        self.append(size)
        part = self.log.with_name("log.1")
        if copied:
            shutil.copy(self.log, part)
            os.truncate(self.log, 0)
        else:
            self.log.rename(part)
        if packed and (down or copied):
            self.log.with_name("log.2.gz").write_bytes(gzip.compress(part.read_bytes()))
            part.unlink()
        data = self.text(size)
        append(self.log, data)
        if down:
            self.follower = Follower.restore(self.log, state)
        self.expected.append(data)
        self.rotations.add(data)
        self.poll()

    @rule()
    def restart(self):
        """The watcher is started again."""
        self.poll()
        state = self.follower.state()
        self.follower.close()
        self.follower = Follower.restore(self.log, state)

    @precondition(lambda self: len(self.expected[-1]) > MARK)
    @rule()
    def copied(self):
        """A longer copy takes the name, as rsync does."""
        self.poll()
        other = self.log.with_name("other")
        shutil.copy(self.log, other)
        other.rename(self.log)

    @rule()
    def check(self):
        """Nothing lost, nothing twice."""
        self.poll()
        assert [part for part in self.got if part] == [part for part in self.expected if part]
        assert len(self.told) == len(self.rotations)
        assert all(any(whole.startswith(told) for whole in self.rotations) for told in self.told)

    def teardown(self):
        """The last word."""
        self.check()
        self.follower.close()
        self.folder.cleanup()


TestFiles = Files.TestCase
TestFiles.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@given(st.lists(st.binary(max_size=300), max_size=8))
@settings(deadline=None)
def test_any_bytes_are_read_in_any_pieces(tmp_path_factory, parts):
    """Whatever is appended comes through unchanged; only zeros at the very start and the very end are held back."""
    log = tmp_path_factory.mktemp("l") / "log"
    follower, got = Follower(log), b""
    for part in parts:
        append(log, part)
        got += drain(follower).get(1, b"")
    assert got == b"".join(parts).strip(b"\0")
