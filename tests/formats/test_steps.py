import pytest

from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts

RECORD = b"{'loss': %.4f, 'grad_norm': 1.25, 'learning_rate': 5e-05, 'epoch': %.3f}\n"
SUMMARY = b"{'train_runtime': 100.5, 'train_samples_per_second': 3.2, 'train_loss': 1.2, 'epoch': %.3f}\n"


def frame(step: int, total: int) -> bytes:
    """A bar as drawn at a step."""
    return b"\r%3d%%|###   | %d/%d [00:%02d<10:00,  1.00it/s]" % (100 * step // total, step, total, step % 60)


def buffered(burst: int, total: int) -> bytes:
    """A log whose bar comes at once, and whose records come in bursts behind the frame of the last of them; 1,000 steps an epoch."""
    log = b""
    for last in range(burst, total + 1, burst):
        steps = range(last - burst + 1, last + 1)
        log += b"".join(frame(step, total) for step in steps[::7]) + frame(last, total)
        log += b"\r" + b" " * 60 + b"\r" + b"".join(RECORD % (2 - step / 9999, step / 1000) for step in steps)
    return log + SUMMARY % (total / 1000)


def steps_of(log: bytes, size: int) -> list[int | None]:
    """The step of each train record, the log being read in pieces of `size` bytes."""
    reader = Reader("train.log", facts=Facts())
    blocks = [block for at in range(0, len(log), size) for block in reader.feed(log[at : at + size], at)]
    blocks += reader.feed(b"", len(log), final=True)
    return [block.step(row) for block in blocks if block.kind == "train" for row in range(len(block))]


@pytest.mark.parametrize("size", [4 << 10, 60_000, 256 << 10])
@pytest.mark.parametrize("burst", [40, 300])
def test_steps_of_bursts_do_not_depend_on_the_pieces_that_are_read(burst: int, size: int) -> None:
    """The records of a burst have the steps of their epochs, in whatever pieces it comes."""
    assert steps_of(buffered(burst, 2 * burst), size) == list(range(1, 2 * burst + 1))


@pytest.mark.parametrize("size", [500, 4 << 10, 33_000, 60_000, 256 << 10])
@pytest.mark.parametrize("burst", [900, 1000])
def test_a_burst_that_is_longer_than_any_buffer_tells_no_step(burst: int, size: int) -> None:
    """The frame before so many records need not be that of the last of them at hand: no step is worked out from it, in whatever pieces it comes."""
    assert steps_of(buffered(burst, 2 * burst), size) == [None] * 2 * burst
