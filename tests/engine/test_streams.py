from __future__ import annotations

import math

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk, Tick
from trainwatch.model.part import Part
from trainwatch.model.snapshot import RunInfo
from trainwatch.rules.preset import load

PARTS = (Part("train.out"), Part("train.err"))


def engine(parts: tuple[Part, ...]) -> Engine:
    """A run of several sources."""
    return Engine(load("default"), RunInfo("r", "r", tuple(part.source for part in parts), parts=parts))


def record(step: int, per_epoch: int = 50, loss: float = 1.0, name: str = "loss") -> bytes:
    """A record as the Hugging Face Trainer prints it: an epoch, no step."""
    return b"{'%s': %.4f, 'grad_norm': 1.5, 'learning_rate': 0.0001, 'epoch': %.2f}\n" % (name.encode(), loss, step / per_epoch)


def bar(step: int, total: int = 300) -> bytes:
    """A frame of its bar."""
    return b"\r %d%%|###   | %d/%d [00:%02d<01:00,  5.00it/s]" % (100 * step // total, step, total, step // 10 % 60)


OUT = b"".join(record(step, loss=3 - step / 200) for step in range(10, 301, 10))
ERR = b"".join(map(bar, range(301))) + b"\n"


def steps(run: Engine, name: str = "loss") -> list[float]:
    """The steps of a curve."""
    series = run.snapshot().series[name]
    return [series.step_at(i) for i in range(len(series))]


def test_records_and_their_bar_in_two_files_are_joined_on_the_epoch():
    """Whichever file is read first, a record gets the step at which the bar stood, and says that it is derived."""
    for order in ((("train.out", OUT), ("train.err", ERR)), (("train.err", ERR), ("train.out", OUT))):
        run = engine(PARTS)
        blocks = [block for name, data in order for block in run.blocks(Chunk(name, 0, data, final=True))]
        assert [int(step) for block in blocks for step in block.columns["step"]] == list(range(10, 301, 10))
        assert all("step" in block.derived for block in blocks)


def test_a_run_under_way_is_joined_at_its_present_end():
    """The bar of a run that is not over stands where its last records stand."""
    run = engine(PARTS)
    run.feed(Chunk("train.out", 0, b"".join(map(record, range(10, 131, 10)))))
    run.feed(Chunk("train.err", 0, b"".join(map(bar, range(134)))))
    assert run.snapshot().records == 0
    run.feed(Tick(1.0))
    assert steps(run) == list(range(10, 131, 10))


def test_records_that_arrive_stand_where_the_bar_stands():
    """Where both were watched, arrival joins them, before an epoch can tell and after."""
    run, out, err = engine(PARTS), b"", b""
    for step in range(5, 301, 5):
        frame = bar(step)
        run.feed(Chunk("train.err", len(err), frame, 100.0 + step))
        err += frame
        if step % 10 == 0:
            data = record(step)
            run.feed(Chunk("train.out", len(out), data, 100.0 + step))
            out += data
    run.feed(Tick(500.0))
    assert steps(run) == list(range(10, 301, 10))


def test_records_without_an_epoch_are_joined_by_their_number():
    """The bar's end and the number of records tell how many steps lie between two."""
    run = engine(PARTS)
    lines = b"".join(b"{'loss': %.3f, 'learning_rate': 0.1}\n" % (3 / i) for i in range(1, 31))
    run.feed(Chunk("train.out", 0, lines, final=True))
    run.feed(Chunk("train.err", 0, ERR, final=True))
    assert steps(run) == list(range(10, 301, 10))


def test_what_tells_its_steps_waits_for_nothing():
    """A source whose records have steps is judged at once, whatever lies beside it."""
    run = engine(PARTS)
    run.feed(Chunk("train.out", 0, b"step 10 loss 2.0\nstep 20 loss 1.9\n"))
    assert steps(run) == [10, 20]


def test_one_rank_speaks_for_all():
    """Every rank prints the same records: those of the lowest count, also when another was read first."""
    parts = (Part("1.log", rank=1), Part("0.log", rank=0))
    log = b"".join(b"step %d loss %.3f\n" % (i, 3 / i) for i in range(1, 6))
    run = engine(parts)
    run.feed(Chunk("1.log", 0, log))
    assert run.snapshot().records == 0
    run.feed(Chunk("0.log", 0, log, final=True))
    run.feed(Chunk("1.log", len(log), log, final=True))
    assert steps(run) == [1, 2, 3, 4, 5]


def test_the_last_rank_speaks_where_the_first_is_mute():
    """Megatron prints on its last rank: it is believed after some records, with all of them."""
    parts = (Part("0.log", rank=0), Part("1.log", rank=1))
    run = engine(parts)
    run.feed(Chunk("0.log", 0, b"starting\n"))
    log = b"".join(b"step %d loss %.3f\n" % (i, 3 / i) for i in range(1, 12))
    run.feed(Chunk("1.log", 0, log[: len(log) // 2]))
    run.feed(Chunk("1.log", len(log) // 2, log[len(log) // 2 :]))
    assert steps(run) == list(range(1, 12))
    short = engine(parts)
    short.feed(Chunk("0.log", 0, b"starting\n", final=True))
    short.feed(Chunk("1.log", 0, b"step 1 loss 3.0\nstep 2 loss 2.5\n", final=True))
    assert steps(short) == [1, 2]


def test_a_rank_speaks_that_is_alone_for_a_minute():
    """Where the lowest rank prints no training, one record of another is shown after a while, not when eight are there or all is over."""
    parts = (Part("0.log", rank=0), Part("1.log", rank=1), Part("2.log", rank=2))
    run = engine(parts)
    line = b" iteration %d/ 100 | consumed samples: 32 | elapsed time per iteration (ms): 100.0 | learning rate: 1.000E-04 | lm loss: 2.0E+00 |\n"
    run.feed(Chunk("0.log", 0, b"building the model\n", 1.0))
    run.feed(Chunk("2.log", 0, line % 1, 2.0))
    run.feed(Tick(3.0))
    run.feed(Tick(62.0))
    assert run.snapshot().records == 0
    run.feed(Tick(63.0))
    assert steps(run) == [1]
    run.feed(Chunk("1.log", 0, line % 1, 64.0))
    run.feed(Chunk("2.log", len(line % 1), line % 2, 65.0))
    assert steps(run) == [1, 2]


def test_a_rank_that_is_late_by_less_speaks():
    """The lowest rank prints its first record before the patience is over: it speaks, and nothing of another counts."""
    run = engine((Part("0.log", rank=0), Part("1.log", rank=1)))
    run.feed(Chunk("1.log", 0, record(10, loss=7.0), 1.0))
    run.feed(Tick(2.0))
    run.feed(Chunk("0.log", 0, record(10, loss=1.0), 50.0))
    run.feed(Tick(90.0))
    losses = run.snapshot().series["loss"]
    assert (len(losses), losses.last) == (1, 1.0)


def test_a_launcher_that_repeats_its_ranks_speaks_for_them():
    """`torchrun --tee` prints what it writes to files: nothing is read twice, also after it has started the ranks again."""
    parts = (Part("job.out"), Part("a0/0.log", 1, 0), Part("a1/0.log", 2, 0))
    run = engine(parts)
    log = b"".join(b"step %d loss %.3f\n" % (i, 3 / i) for i in range(1, 6))
    for part, data in zip(parts, (log + log, log, log), strict=True):
        run.feed(Chunk(part.source, 0, data, attempt=part.attempt, final=True))
    assert steps(run) == [1, 2, 3, 4, 5] * 2


def test_the_cause_of_death_is_the_rank_that_failed_first():
    """A rank that lost its peer is no cause, and the rank is that of the file; the last line of each is there."""
    parts = (Part("0.log", rank=0), Part("1.log", rank=1))
    run = engine(parts)
    lost = b"step 1 loss 2.0\nRuntimeError: [../gloo/transport/tcp/pair.cc:598] Connection closed by peer [127.0.0.1]:4321\n"
    died = b'Traceback (most recent call last):\n  File "t.py", line 3, in <module>\n    main()\nValueError: bad shard\n'
    run.feed(Chunk("0.log", 0, lost, final=True))
    run.feed(Chunk("1.log", 0, died, final=True))
    shown = run.snapshot()
    assert shown.failure is not None
    assert (shown.failure.kind, shown.failure.source, shown.failure.rank) == ("python_exception", "1.log", 1)
    assert [(heard.source, heard.rank, heard.last_line[:12]) for heard in shown.heard] == [
        ("0.log", 0, "RuntimeError"),
        ("1.log", 1, "ValueError: "),
    ]


def test_attempts_carry_on_best_and_cost():
    """A resume into another file: the best is kept, hours are those of both, the first one's death is history."""
    parts = (Part("a.out", 1), Part("b.out", 2))
    run = engine(parts)
    first = b"".join(b"step %d loss %.3f\n" % (i, 3 / i) for i in range(1, 101))
    first += b"step 100 eval_loss 0.5\ntorch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
    second = b"".join(b"step %d loss %.3f\n" % (i, 3 / i) for i in range(91, 121)) + b"step 120 eval_loss 0.7\n"
    for at in (0, 3600):
        run.feed(Chunk("a.out", at and len(first), b"" if at else first, 1000.0 + at, final=at > 0))
    run.feed(Chunk("a.out", len(first), b"\n", 4600.0))
    run.feed(Chunk("b.out", 0, second[:100], 8200.0, 2))
    run.feed(Chunk("b.out", 100, second[100:], 10000.0, 2, final=True))
    shown = run.snapshot()
    assert [(a.number, a.sources, a.step_start, a.step_end, a.failure) for a in shown.attempts] == [
        (1, ("a.out",), 1, 100, "cuda_oom"),
        (2, ("b.out",), 91, 120, ""),
    ]
    assert shown.best is not None
    assert (shown.best.value, shown.best.step) == (0.5, 100)
    assert shown.span.seconds == 3600 + 1800
    assert shown.failure is None


def test_a_single_source_is_one_attempt():
    """The simple case is an attempt too."""
    run = Engine(load("default"), RunInfo("r", "r", ("t",)))
    run.feed(Chunk("t", 0, b"step 1 loss 2.0\nstep 9 loss 1.0\n", final=True))
    (only,) = run.snapshot().attempts
    assert (only.number, only.records, only.step_start, only.step_end, only.failure) == (1, 2, 1, 9, "")
    assert math.isnan(only.started)


def test_a_rotated_log_is_one_attempt():
    """What follows a rotation is no restart: one attempt, whose records all count; a requeue behind it is the second."""
    run = Engine(load("default"), RunInfo("r", "r", ("t",)))
    run.feed(Chunk("t", 0, b"step 1 loss 2.0\nstep 2 loss 1.9\n", 10.0))
    run.feed(Chunk("t", 32, b"", 11.0, final=True))
    run.feed(Chunk("t", 0, b"step 3 loss 1.8\n", 20.0, 2, goes_on=True))
    run.feed(Chunk("t", 16, b"step 4 loss 1.7\n", 21.0, 2))
    assert [(a.number, a.step_start, a.step_end) for a in run.snapshot().attempts] == [(1, 1, 4)]
    run.feed(Chunk("t", 0, b"step 3 loss 1.6\n", 90.0, 3))
    assert [(a.number, a.step_start, a.step_end) for a in run.snapshot().attempts] == [(1, 1, 4), (2, 3, 3)]
