import gzip
import os
from pathlib import Path

import pytest

from trainwatch.replay.layout import layout, partner


def laid(*names):
    """(name, attempt, rank) in the order read."""
    return [(part.source, part.attempt, part.rank) for part in layout([Path(name) for name in names])]


@pytest.mark.parametrize(
    ("names", "want"),
    [
        (("t/x.err", "t/x.out"), [("t/x.out", 1, None), ("t/x.err", 1, None)]),
        (("job.o12", "job.e12"), [("job.o12", 1, None), ("job.e12", 1, None)]),
        (("x_stdout.txt", "x_stderr.txt"), [("x_stdout.txt", 1, None), ("x_stderr.txt", 1, None)]),
        (("a.out", "errors.err"), [("a.out", 1, None), ("errors.err", 1, None)]),
        (("train.log", "train.log.1", "train.log.2.gz"), [("train.log.2.gz", 1, None), ("train.log.1", 1, None), ("train.log", 1, None)]),
        (
            ("t.log", "t.log-20260102", "t.log-20260101.gz"),
            [("t.log-20260101.gz", 1, None), ("t.log-20260102", 1, None), ("t.log", 1, None)],
        ),
        (("slurm-10.out", "slurm-9.out"), [("slurm-9.out", 1, None), ("slurm-10.out", 2, None)]),
        (("first.out", "then.out"), [("first.out", 1, None), ("then.out", 2, None)]),
        (("rank1.log", "rank0.log"), [("rank0.log", 1, 0), ("rank1.log", 1, 1)]),
        (("lora_rank8.log", "lora_rank16.log"), [("lora_rank8.log", 1, None), ("lora_rank16.log", 2, None)]),
        (("d/20260101_rank0.log", "d/20260102_rank0.log"), [("d/20260101_rank0.log", 1, 0), ("d/20260102_rank0.log", 2, 0)]),
        (("job.out", "d/r_a/attempt_0/0/stdout.log"), [("job.out", 1, None), ("d/r_a/attempt_0/0/stdout.log", 1, 0)]),
        (
            ("d/r_a/attempt_1/0/stdout.log", "d/r_a/attempt_0/1/stderr.log", "d/r_a/attempt_0/0/stderr.log"),
            [("d/r_a/attempt_0/0/stderr.log", 1, 0), ("d/r_a/attempt_0/1/stderr.log", 1, 1), ("d/r_a/attempt_1/0/stdout.log", 2, 0)],
        ),
    ],
)
def test_names_tell_streams_ranks_parts_and_attempts(names, want):
    """Two streams, rotated parts, ranks, torchrun's and DeepSpeed's folders, one file a job: each is put where its name says."""
    assert laid(*names) == want


def stamped(path, start, hours):
    """A log with a timestamp a minute."""
    lines = (f"2026-01-{start:02} {minute // 60:02}:{minute % 60:02}:00 INFO step {minute} loss 1.0\n" for minute in range(hours * 60))
    path.write_text("".join(lines))
    return path


def test_timestamps_put_jobs_in_order(tmp_path):
    """Whatever they are called; two that ran at the same time are one attempt, and ranks where only a number from 0 tells them apart."""
    late, early = stamped(tmp_path / "a.out", 9, 2), stamped(tmp_path / "b.out", 3, 2)
    assert [(part.source, part.attempt) for part in layout([late, early])] == [(str(early), 1), (str(late), 2)]
    other = stamped(tmp_path / "c.out", 9, 2)
    assert {part.attempt for part in layout([late, other])} == {1}
    logs = [stamped(tmp_path / f"t{number}.log", 9, 2) for number in (1, 0)]
    assert [part.rank for part in layout(logs)] == [0, 1]


def test_without_a_clock_what_was_written_last_is_the_newest(tmp_path):
    """Unlike names and no timestamps: the order in which the files were left, else that of the words."""
    first, then = tmp_path / "resumed.out", tmp_path / "train.out"
    for path in (first, then):
        path.write_text("step 1 loss 2.0\n")
        os.utime(path, (1000, 1000))
    assert [part.source for part in layout([first, then])] == [str(first), str(then)]
    os.utime(first, (9000, 9000))
    assert [part.source for part in layout([first, then])] == [str(then), str(first)]


@pytest.mark.parametrize(
    ("name", "other"),
    [("x.out", "x.err"), ("x.err", "x.out"), ("x.log", "x.err"), ("x.err", "x.log"), ("stdout.log", "stderr.log"), ("j.e7", "j.o7")],
)
def test_the_other_stream_lies_beside(tmp_path, name, other):
    """Under the same name, and nothing else."""
    for file in (name, other, "y.err", "x.out.1", "readme.md"):
        (tmp_path / file).write_text("x\n")
    assert partner(tmp_path / name) == tmp_path / other


def test_no_stream_lies_beside(tmp_path):
    """A log alone, one whose streams are one file, and a part of a rotated log have no other stream."""
    (tmp_path / "x.out").write_text("x\n")
    (tmp_path / "x.err").symlink_to("x.out")
    (tmp_path / "z.log.1.gz").write_bytes(gzip.compress(b"x\n"))
    (tmp_path / "z.err").write_text("x\n")
    assert partner(tmp_path / "x.out") is None
    assert partner(tmp_path / "z.log.1.gz") is None
    assert partner(tmp_path / "gone" / "x.out") is None
