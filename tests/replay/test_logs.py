import gzip
import math
import os
from pathlib import Path

import pytest
from tests.replay.runs import NOW, left_alone

from trainwatch.model.inputs import Chunk, Gpu, Sample, Tick
from trainwatch.replay import logs as module
from trainwatch.replay.logs import BLIND_SAMPLE, LOOK, PATIENCE, REMOTE_PATIENCE, SAMPLE, LogInputs
from trainwatch.sources.stdin import Pipe


def nobody(_):
    return False


def somebody(_):
    return True


def chunks(items):
    return [item for item in items if isinstance(item, Chunk)]


def test_what_was_there_before_us_has_no_arrival_time(log):
    """Nobody saw it arrive; what is appended while we watch has the time at which we saw it."""
    log.write_bytes(b"old\n")
    inputs = LogInputs([log], now=NOW, written=somebody)
    (first,) = chunks(inputs.poll(NOW))
    assert (first.data, math.isnan(first.seen_at)) == (b"old\n", True)
    with log.open("ab") as file:
        file.write(b"new\n")
    (second,) = chunks(inputs.poll(NOW + 3))
    assert (second.data, second.seen_at) == (b"new\n", NOW + 3)
    log.write_bytes(b"x\n")
    end, third = chunks(inputs.poll(NOW + 4))
    assert (end.final, third.data, third.seen_at, third.attempt) == (True, b"x\n", NOW + 4, 2)
    assert inputs.quiet_for(NOW + 9) == 5


def test_a_log_left_alone_has_ended(log):
    """Old, and no process has it open: it ends like a finished file, without arrival times and without ticks."""
    log.write_bytes(b"all\n")
    inputs = LogInputs([left_alone(log)], now=NOW, written=nobody)
    got = list(inputs.poll(NOW))
    assert [(c.data, c.final, math.isnan(c.seen_at)) for c in got] == [(b"all\n", False, True), (b"", True, True)]
    assert inputs.ended
    with log.open("ab") as file:
        file.write(b"more\n")
    assert chunks(inputs.poll(NOW + LOOK))[0].data == b"more\n"
    assert not inputs.ended


@pytest.mark.parametrize("case", [
    (somebody, False, 1e9, False),
    (nobody, False, PATIENCE - 1, False),
    (nobody, False, PATIENCE, True),
    (nobody, True, REMOTE_PATIENCE - 1, False),
    (nobody, True, REMOTE_PATIENCE, True),
])  # fmt: skip
def test_when_a_log_counts_as_ended(log, monkeypatch, case):
    """Somebody writes it: never. On a network filesystem the writer may be elsewhere: much later."""
    written, remote, quiet, ends = case
    monkeypatch.setattr(module, "is_remote", lambda _: remote)
    inputs = LogInputs([left_alone(log, quiet)], now=NOW, written=written)
    list(inputs.poll(NOW))
    assert inputs.ended is ends


def test_endless_patience_and_none(log):
    """`--follow` waits for ever; when it is known that nobody is left to write, the end is where it is."""
    inputs = LogInputs([left_alone(log)], now=NOW, written=nobody, patience=math.inf)
    list(inputs.poll(NOW))
    assert not inputs.ended
    inputs.over = True
    assert [c.final for c in chunks(inputs.poll(NOW + 1))] == [True]
    assert inputs.ended


def test_ticks_lie_on_whole_seconds(log):
    """One a second, however often it is polled."""
    inputs = LogInputs([log], now=NOW, written=somebody)
    ticks = [item for at in (0.0, 0.1, 0.9, 1.1, 3.5) for item in inputs.poll(NOW + at)]
    assert ticks == [Tick(NOW), Tick(NOW + 1), Tick(NOW + 3)]


def test_devices_are_sampled_where_the_job_runs(log):
    """Every two seconds; rarely where there are none; never when the writer is on another machine."""
    seen = []

    def look(now):
        seen.append(now)
        return Sample(now, (Gpu(0, "", "", None, None, None),))

    inputs = LogInputs([log], now=NOW, written=somebody, look=look)
    for tenth in range(100):
        list(inputs.poll(NOW + tenth / 10))
    assert seen[0] == NOW + 0.5
    assert seen[1] - seen[0] == pytest.approx(SAMPLE)
    elsewhere = LogInputs([log], now=NOW, written=nobody, look=look)
    samples = [item for tenth in range(20) for item in elsewhere.poll(NOW + tenth) if isinstance(item, Sample)]
    assert [(sample.gpus, "elsewhere" in sample.reason) for sample in samples] == [((), True)]
    assert BLIND_SAMPLE > 20


def test_packed_logs_are_read_at_once(tmp_path, log):
    """A rotated part that was packed comes whole, before the log that grows."""
    (tmp_path / "train.out.1.gz").write_bytes(gzip.compress(b"first\n"))
    log.write_bytes(b"second\n")
    inputs = LogInputs([tmp_path / "train.out.1.gz", log], now=NOW, written=somebody)
    got = chunks(inputs.poll(NOW))
    assert [(Path(c.source).name, c.data, c.final) for c in got] == [
        ("train.out.1.gz", b"first\n", False),
        ("train.out.1.gz", b"", True),
        ("train.out", b"second\n", False),
    ]


def test_a_pipe_ends_with_its_writer():
    """Not before, however long it is silent."""
    out, into = os.pipe()
    inputs = LogInputs([], now=NOW, written=nobody, pipe=Pipe(out))
    os.write(into, b"a\n")
    assert chunks(inputs.poll(NOW + 1e6))[0].data == b"a\n"
    assert not inputs.ended
    os.close(into)
    assert chunks(inputs.poll(NOW + 1e6))[0].final
    assert inputs.ended
    inputs.close()
    os.close(out)


def test_what_cannot_be_read_is_said(log):
    """In words, with the name; the rest goes on."""
    inputs = LogInputs([log.with_name("none.out"), log], now=NOW, written=somebody)
    list(inputs.poll(NOW))
    assert inputs.problems == (f"{log.with_name('none.out')}: No such file or directory",)


def test_reading_goes_on_where_it_was_left(log):
    """From attempt and offset that somebody else has reached."""
    log.write_bytes(b"seen\nnew\n")
    inputs = LogInputs([log], now=NOW, written=somebody, starts={str(log): (3, 5)})
    (chunk,) = chunks(inputs.poll(NOW))
    assert (chunk.attempt, chunk.offset, chunk.data) == (3, 5, b"new\n")
