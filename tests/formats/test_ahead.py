"""Runs found ahead of the reader change nothing but the time."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.reading import mixture, plain

from trainwatch.formats.ahead import Ahead, Cells, pack, unpack
from trainwatch.formats.reader import Reader
from trainwatch.formats.run import Run
from trainwatch.model.facts import Facts

STEADY = {
    "nanogpt": b"".join(b"iter %d: loss %d.5, time 2.0ms, mfu 3.0%%\n" % (i, i % 7) for i in range(3000)),
    "bars": b"".join(
        b"\r  0%%|x| %d/9999 [%02d:%02d<01:35,  3.14it/s]\r  \r{'loss': %d.5, 'epoch': 0.%02d}\n" % (i, i // 60, i % 60, i % 7, i // 50)
        for i in range(1, 2000)
    ),
    "interrupted": b"".join(
        b"iter %d: loss %d.5, time 2.0ms, mfu 3.0%%\n" % (i, i % 7) + b"Saving model checkpoint to out/checkpoint-%d\n" % i * (i % 50 == 0)
        for i in range(3000)
    ),
}

NO_FINDER: Any = SimpleNamespace(prefixes=())


class Found:
    """What another process would have found in a log, told of as `spoil` says: None, broken, or as it is."""

    def __init__(self, data: bytes, cells: Cells, spoil: Callable[[bytes], bytes | None]) -> None:
        self.taken = 0
        self._spoil = spoil
        self._runs: dict[tuple[int, int], bytes] = {}
        for cell in range(1, len(data) // cells.size):
            packed = cells.packed(cell, lambda length, offset: data[max(offset, 0) : offset + length] if offset >= 0 else b"")
            if packed is not None:
                self._runs[packed[:2]] = b"".join(packed[2])

    def take(self, start: int, stop: int) -> memoryview | None:
        """As another process would."""
        run = self._runs.get((start, stop))
        raw = self._spoil(run) if run is not None else None
        self.taken += raw == run is not None
        return None if raw is None else memoryview(raw)


def read(data: bytes, cuts: Sequence[int], size: int = 0, spoil: Callable[[bytes], bytes | None] = bytes) -> tuple[object, ...]:
    """All that a reader tells of a log in pieces, and how many runs it took; with a size, runs of such cells are found ahead."""
    facts = Facts()
    reader, found, records = Reader("log", facts=facts), None, []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, stop in pairwise(edges):
        records += plain(reader.feed(data[start:stop], start))
        main = reader._blocks._main
        if (
            size
            and main is not None
            and main.finder is not None
            and (reader.ahead is None or reader.ahead.cells != (Cells(main.finder, size, main.finder.prefixes)))
        ):
            cells = Cells(main.finder, size, main.finder.prefixes)
            found = Found(data, cells, spoil)
            reader.use(Ahead(cells, len(data) // size * size, found.take))
    records += plain(reader.feed(b"", len(data), final=True))
    said = {name: fact.value for name, fact in facts.items()}
    return records, reader.lines, reader.progress, reader.detected, said, reader.span, found.taken if found else 0


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 1 << 30),
    st.lists(st.integers(0, 1 << 16), max_size=12),
    st.sampled_from([256, 1000, 1024, 5000]),
    st.randoms(use_true_random=False),
)
def test_any_log_reads_the_same_whatever_was_found_ahead(seed: int, cuts: list[int], size: int, draw: random.Random) -> None:
    """All runs, some, none, cut short, or other bytes in their place: the same records, lines, steps and facts, however the log arrives."""
    data = mixture(seed) * 3

    def spoil(raw: bytes) -> bytes | None:
        return draw.choice([raw, raw, None, raw[: draw.randrange(len(raw))], draw.randbytes(40), b""])

    assert read(data, cuts, size, spoil)[:5] == read(data, [])[:5]
    assert read(data, cuts, size)[:5] == read(data, [])[:5]


@pytest.mark.parametrize("name", STEADY)
@pytest.mark.parametrize("size", [4096, 5000, 30_000])
def test_a_log_of_one_shape_is_read_from_what_was_found_ahead(name: str, size: int) -> None:
    """Nearly every cell behind the first piece is taken, also where another line stands in it now and then, and where bars run."""
    data = STEADY[name]
    cuts = list(range(0, len(data), 7000))
    *told, taken = read(data, cuts, size)
    assert taken > 0.8 * (len(data) // size) - 3
    assert told == list(read(data, [])[:-1])


def test_what_was_found_in_other_bytes_is_not_taken() -> None:
    """A log that was rewritten in place since the other process read it gives the records that are there now."""
    data = STEADY["nanogpt"]
    old = data.replace(b"loss 3.5", b"loss 4.5")
    facts = Facts()
    reader = Reader("log", facts=facts)
    records = plain(reader.feed(data[:9000], 0))
    cells = Cells(reader._blocks._main.finder, 4096)  # type: ignore[arg-type, union-attr]
    reader.use(Ahead(cells, len(data) // 4096 * 4096, Found(old, cells, bytes).take))
    records += plain(reader.feed(data[9000:], 9000, final=True))
    assert records == read(data, [])[0]


def test_records_do_not_wait_behind_the_end_of_what_is_found_ahead() -> None:
    """A cell that is not there whole waits for its end; where no cell begins, every complete line is read at once."""
    data = STEADY["nanogpt"]
    reader = Reader("log", facts=Facts())
    reader.feed(data[:9000], 0)
    cells = Cells(reader._blocks._main.finder, 4096)  # type: ignore[arg-type, union-attr]
    reader.use(Ahead(cells, 4 * 4096, lambda *_: None))
    assert reader.feed(data[9000:12_000], 9000) == []
    assert reader.feed(data[12_000:20_000], 12_000)
    assert reader.lines == data[:20_000].count(b"\n")


def test_a_run_comes_back_as_it_was() -> None:
    """Columns, those that share one too, offsets and odd gaps; anything shorter is no run."""
    shared = array("d", [1.0, float("inf")])
    columns = {"a": shared, "b": array("d", [3.0, 4.0]), "c": shared}
    run = Run(100, {}, columns=columns, offsets=array("q", [105, 120]), odd={1: b"\nwarning\xff\n"}, is_whole=False, adjacent=False)
    raw = b"".join(pack(run, b"look"))
    data = b"look"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainwatch.formats.ahead.STRIDE", 1)
        back = unpack(memoryview(raw), data, (0, 4), 100)
        assert back == run
        assert back is not None
        assert back.columns["a"] is back.columns["c"]
        assert unpack(memoryview(raw), b"Look", (0, 4), 100) is None
        for end in range(len(raw)):
            assert Ahead(Cells(NO_FINDER, 1), 0, lambda *_, end=end: memoryview(raw[:end])).run(data, 0, 4, 100) is None  # type: ignore[arg-type, misc]
