"""Records with colours in them and around them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.reading import read, read_in

from trainwatch.formats.blocks import Blocks
from trainwatch.formats.colours import uncoloured

LINES = (
    "\x1b[31mstep: {step:2}  \x1b[32mloss: {loss:7.4f}  \x1b[33mmemory: {gib:5.2f}GiB(2.00%)  \x1b[34mtps: 1,402\x1b[39m",
    "[rank{rank}]: \x1b[31mstep: {step:2}  \x1b[32mloss: {loss:g}  \x1b[33mmemory: {gib:5.2f}GiB(2.00%)\x1b[39m",
    "\x1b[32m2026-05-01 10:00:{second:02}\x1b[0m | \x1b[1mINFO\x1b[0m | iter {step}: loss {loss:g}, time {gib:.2f}ms, mfu 3.00%",
    "\x1b[36miter {step}: loss {loss:.4f}, time 2.00ms, mfu 3.00%\x1b[0m",
    "iter {step}: loss \x1b[1m{loss:.4f}\x1b[0m, time 2.00ms, mfu 3.00%",
    "\x1b[1m{{'loss': {loss:.4f}, 'learning_rate': 0.0, 'epoch': {second}}}\x1b[0m",
    "{{'loss': {loss:.4f}, 'learning_rate': \x1b[35m0.0\x1b[0m, 'step': {step}}}",
)
ODD = (
    "\x1b[31mwarning\x1b[0m",
    "",
    "iter 7: loss \x1b[K1.5000, time 2.00ms, mfu 3.00%",
    "\x1b[1mstep 250: train loss 1.5000, val loss 1.6000\x1b[0m",
    "\x1b[32mx\x08\x1b[0miter 8: loss 1.5000, time 2.00ms, mfu 3.00%",
    "  4%|▍  | 3/941 [07:36<2:42:03, 2.45it/s]\r\x1b[36miter 9: loss 1.5000, time 2.00ms, mfu 3.00%\x1b[0m",
    "a \x1b[36miter 9: loss 1.5000, time 2.00ms, mfu 3.00%\x1b[0m iter 3: loss 1.0, time 1.0ms, mfu 3.0%",
)


def _log(draw: random.Random, main: str, lines: int) -> bytes:
    """A log of mostly one kind of line."""
    out = []
    for step in range(lines):
        line = main if draw.random() < 0.98 else draw.choice(LINES)
        filled = line.format(step=step, loss=draw.random() + 1, gib=draw.random() + 9, rank=step % 4, second=step % 60)
        out.append(filled if draw.random() < 0.99 else draw.choice(ODD))
        if draw.random() < 0.02:
            out.append(uncoloured(out[-1].encode()).decode())
    return ("\n".join(out) + "\n").encode()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from(LINES), st.lists(st.integers(0, 1 << 18), max_size=3))
def test_both_drivers_read_colours_the_same(seed: int, line: str, cuts: list[int]) -> None:
    """Records with colours have the values, steps, lines and offsets that the line driver finds, with one column asked for too."""
    data = _log(random.Random(seed), line, 900)
    slow = read_in(data, [], fast=False)
    assert read_in(data, cuts) == slow
    narrow = [(*record[:5], dict(record[6]).get("loss")) for record in read_in(data, cuts, only={"loss"})]  # type: ignore[call-overload]
    assert narrow == [(*record[:5], dict(record[6]).get("loss")) for record in slow]  # type: ignore[call-overload]


@pytest.mark.parametrize("line", [*LINES[2:5], LINES[6]])
def test_colours_do_not_send_a_log_to_the_line_driver(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long coloured log is read by patterns."""
    data = "".join(line.format(step=i, loss=1 + i / 8, gib=9 + i / 7000, rank=i % 4, second=i % 60) + "\n" for i in range(6000))
    slow, slow_bytes = Blocks._slow, []

    def counted(self: Blocks, data: bytes, start: int, stop: int, base: int) -> None:
        slow_bytes.append(stop - start)
        slow(self, data, start, stop, base)

    monkeypatch.setattr(Blocks, "_slow", counted)
    assert len(read(data)) == 6000
    assert sum(slow_bytes) < 10_000
