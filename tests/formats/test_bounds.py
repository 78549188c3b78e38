"""What no log can do: take for ever, or fill memory."""

from __future__ import annotations

import time

import pytest

from trainwatch.formats.blocks import STRETCH
from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts

ATOMS = [
    "step: 1  loss: 2  ",
    "step:1 - ",
    "{'",
    '{"',
    "a=1 ",
    "WORLD INFO DICT: {",
    "1/1 [",
    "1%|",
    "\x1b[",
    "\x1b]",
    " ",
    "epoch 1 ",
    "1,",
    "a\x08",
]


@pytest.mark.parametrize("width", [4000, 60_000])
@pytest.mark.parametrize("atom", ATOMS)
def test_the_time_for_any_input_is_bounded(atom: str, width: int) -> None:
    """Lines made of one piece of syntax over and over cost seconds a megabyte at the worst: no pattern goes wild."""
    line = atom * (width // len(atom)) + "\n"
    data = (line * max(1, 120_000 // len(line))).encode()
    start = time.process_time()
    Reader("log", facts=Facts()).feed(data, 0, final=True)
    assert time.process_time() - start < 4


def test_memory_does_not_grow_with_the_log() -> None:
    """What the reader keeps of a log that was read is a stretch of it and the shapes, not the log."""
    reader = Reader("log", facts=Facts())
    offset = 0
    for i in range(400):
        data = b"".join(b"iter %d: loss 1.5, time 2.0ms, mfu 3.0%%\nnoise %d\n" % (i * 100 + k, i * k) for k in range(100))
        reader.feed(data, offset)
        offset += len(data)
    assert len(reader._buffer) < 2 * STRETCH
    assert len(reader._lines.matched) == 0


@pytest.mark.parametrize("epoch", ["1e999", "1e400", "-1e999", "nan", "1e-320", "1e307"])
def test_numbers_that_no_run_has_do_not_raise(epoch: str) -> None:
    """An epoch or a step beyond all measure gives no step, and a record all the same."""
    bar = "\r  2%|2         | 5/300 [00:00<00:45,  6.49it/s]"
    pair = f"{{'loss': 1.0, 'epoch': {epoch}}}\n" * 4
    text = f"{bar}{pair}{bar}\n{pair}iter {epoch}: loss 1.0, time 2.0ms, mfu 3.0%\nmax_steps: {epoch}\n{pair}"
    blocks = Reader("log", facts=Facts()).feed(text.encode(), 0, final=True)
    steps = [block.step(row) for block in blocks for row in range(len(block))]
    assert len(steps) == 13
