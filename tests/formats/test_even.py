"""Lines that are the same but for their digits."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.reading import plain, read, read_in

from trainwatch.formats import even
from trainwatch.formats.blocks import Blocks
from trainwatch.formats.even import Piece, pieces, texts
from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts

STEP = re.compile(rb"step(?<=\nstep) *+([\d.]+) loss *+([\d.]+)(?=\n)")


def test_a_piece_ends_where_a_line_is_laid_out_otherwise() -> None:
    """A figure more begins another piece, and a line that is no record is a piece without values."""
    data = b"\n" + b"step 1 loss 2.5\n" * 40 + b"step 10 loss 2.5\n" * 3 + b"saved\n" + b"step 11 loss 9.5\n"
    assert pieces(STEP, data, 1, len(data)) == [
        Piece(1, 16, 40, ((5, 6), (12, 15))),
        Piece(641, 17, 3, ((5, 7), (13, 16))),
        Piece(692, 6, 1, ()),
        Piece(698, 17, 1, ((5, 7), (13, 16))),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99999), st.sampled_from(["0.5", "2.25", "17.0"])), min_size=1, max_size=80))
def test_values_are_those_that_the_pattern_finds(rows: list[tuple[int, str]]) -> None:
    """However long the figures are, they are cut out whole, in order."""
    data = b"\n" + "".join(f"step {step} loss {loss}\n" for step, loss in rows).encode()
    found = pieces(STEP, data, 1, len(data))
    if found is not None:
        assert list(zip(*texts(found, data), strict=True)) == STEP.findall(data)


def test_lines_that_all_differ_are_left_to_the_pattern() -> None:
    """Pieces of a line each are dearer than a pattern."""
    data = b"\n" + b"".join(b"step %d loss %d\n" % (10 ** (i % 5), 10 ** (i % 7)) for i in range(300))
    assert pieces(STEP, data, 1, len(data)) is None


def _line(draw: random.Random, step: int) -> str:
    """A line of a log whose figures are of one length most of the time."""
    odd = draw.random()
    if odd < 0.004:
        return draw.choice(["saving checkpoint\n", "\n", f"step {step}: train loss 1.5000, val loss 1.6000\n", "\x1b[31mhello\x1b[0m\n"])
    loss = draw.choice(["nan", "inf", "11.5000", "1x", "1_0", "-1.5000"]) if odd < 0.008 else f"{draw.random() + 1:.4f}"
    end = draw.choice(["\r\n", "  \n", "% \n"]) if odd > 0.998 else "\n"
    return f"iter {step}: loss {loss}, time {draw.random() + 9:.2f}ms, mfu {draw.random() + 30:.2f}%{end}"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(0, 1 << 20), max_size=4))
def test_even_lines_are_read_as_one_by_one(seed: int, cuts: list[int]) -> None:
    """A log of fixed formats, with lines of other kinds and numbers of other lengths now and then, gives the records of the line driver."""
    draw = random.Random(seed)
    data = "".join(_line(draw, step + draw.choice([0, 9000])) for step in range(1500)).encode()
    assert read_in(data, cuts) == read_in(data, [], fast=False)
    narrow = [(*record[:5], dict(record[6]).get("loss")) for record in read_in(data, cuts, only={"loss"})]  # type: ignore[call-overload]
    assert narrow == [(*record[:5], dict(record[6]).get("loss")) for record in read_in(data, [], fast=False)]  # type: ignore[call-overload]


def _prefix(draw: random.Random, step: int) -> str:
    """A time, or a rank, or both, before a line; now and then something else."""
    odd = draw.random()
    if odd < 0.01:
        return draw.choice(["", "node7 ", "lr=1 ", "a 'quote' ", "[rank1]", "\r", "iter 3: loss 1.0, "])
    return f"[rank{draw.choice([0, 1, 2, 11])}]: "


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 30), st.sampled_from(["time", "rank", "mixed"]), st.sampled_from([1, 9]))
def test_what_stands_before_records_is_read_with_them(seed: int, kind: str, width: int) -> None:
    """Records behind times and ranks, some of them copies, are those of the line driver, where figures are of one length and where not."""
    draw = random.Random(seed)
    lines = [(step, _line(draw, draw.choice([0, step % width * 1000]) + step // 3)) for step in range(1200)]
    stamps = {"time": lambda step: f"2026-05-01 10:00:{step % 60:02},{step % 1000:03} - INFO - ", "rank": lambda step: _prefix(draw, step)}
    stamp = stamps.get(kind, lambda step: stamps["time"](step) if draw.random() < 0.02 else _prefix(draw, step))
    copies = [stamp(step) + line for step, line in lines for _ in range(1 if draw.random() < 0.9 else 3)]
    data = "".join(copies).encode()
    assert read_in(data, []) == read_in(data, [], fast=False)
    narrow = [(*record[:5], dict(record[6]).get("loss")) for record in read_in(data, [], only={"loss"})]  # type: ignore[call-overload]
    assert narrow == [(*record[:5], dict(record[6]).get("loss")) for record in read_in(data, [], fast=False)]  # type: ignore[call-overload]


@pytest.mark.parametrize("prefix", ["2026-05-01 10:00:{:02},123 - INFO - ", "[rank{:02}]: ", "[{:02}:01] [rank3]: "])
@pytest.mark.parametrize("loss", ["{:06.3f}", "{:g}"])
def test_records_behind_prefixes_are_read_in_blocks(prefix: str, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time or a rank before every record costs no line driver, whether figures are of one length or not."""
    lines = [prefix.format(i % 60) + f"iter {i}: loss {loss.format(i / 8)}, time 9.50ms, mfu 3.00%\n" for i in range(6000)]
    slow, slow_bytes = Blocks._slow, []

    def counted(self: Blocks, data: bytes, start: int, stop: int, base: int) -> None:
        slow_bytes.append(stop - start)
        slow(self, data, start, stop, base)

    monkeypatch.setattr(Blocks, "_slow", counted)
    assert len(read("".join(lines))) == 6000
    assert sum(slow_bytes) < 10_000


def test_a_digit_in_a_name_is_not_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that differ in a digit are different names: such lines are left to the pattern."""
    data = b"".join(b"{'loss': 1.5, 'top%d': 0.%d, 'epoch': 0.5}\n" % (1 + i // 150 % 2, i % 10) for i in range(900))
    blocks = Reader("log", facts=Facts()).feed(data, 0, final=True)
    assert plain(blocks) == read_in(data, [], fast=False)
    monkeypatch.setattr(even, "pieces", lambda *_: pytest.fail("lines of two shapes were taken for even ones"))
    Reader("log", facts=Facts()).feed(data, 0, final=True)
