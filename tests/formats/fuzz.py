"""Mutated logs through the reader, for as long as you like: `make fuzz`, or python -m tests.formats.fuzz [SECONDS [SEED]].

The logs are the samples of the built-in formats and the pieces of the property tests, cut, doubled, torn, spliced and filled with noise.
Held to: no exception, the same records from both drivers and for any chunking, at most `SLOWEST` seconds for a megabyte, and memory
that does not grow. Ends with 1 at the first input that breaks one of them, and says which seed makes it again.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable

from tests.formats.reading import mixture, read_in
from tests.formats.test_bounds import ATOMS

from trainwatch.formats.catalog import builtin
from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts

MINUTES = 10
SLOWEST = 4.0
"""CPU seconds for a megabyte."""

MOST_GROWTH = 200 << 10
"""How much the process may grow after the first hundred inputs, in KiB."""

SAMPLES = [sample.text.encode() for fmt in builtin() for sample in fmt.samples]
NOISE = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\x1b[A",
    b"\x1b[31m",
    b"\0",
    b"\xff\xfe",
    b"{",
    b"}",
    b"'",
    b'{"',
    b"=",
    b": ",
    b"nan",
    b"1e999",
    b"  ",
    b"_",
]


def main(seconds: float, seed: int) -> int:
    """Read mutants until the time is over."""
    end = time.monotonic() + seconds
    count, slowest, settled = 0, (0.0, 0), 0
    while time.monotonic() < end:
        data = mutant(random.Random(seed))
        slowest = max(slowest, (_pace(data), seed))
        if slowest[0] > SLOWEST:
            return _broken(seed, f"{slowest[0]:.1f} s for a megabyte")
        if len(data) < 30_000 and not _agree(data, random.Random(seed)):
            return _broken(seed, "the drivers give different records")
        settled = max(settled, _memory()) if count < 100 else settled
        if _memory() > settled + MOST_GROWTH:
            return _broken(seed, f"memory grew to {_memory() >> 10} MiB")
        count, seed = count + 1, seed + 1
    print(f"fuzz: {count} logs in {seconds:.0f} s; slowest {slowest[0]:.2f} s a megabyte (seed {slowest[1]}); peak {_memory() >> 10} MiB")
    return 0


def mutant(draw: random.Random) -> bytes:
    """A log that nobody wrote."""
    if draw.random() < 0.15:
        return _atoms(draw)
    data = bytearray(
        b"".join(draw.choice(SAMPLES) if draw.random() < 0.6 else mixture(draw.randrange(1 << 30)) for _ in range(draw.randrange(1, 5)))
    )
    for _ in range(draw.choice([0, 1, 3, 10, 100])):
        draw.choice(MUTATIONS)(data, draw)
    return bytes(data) * draw.choice([1, 1, 3, 20])


def _atoms(draw: random.Random) -> bytes:
    """Pieces of syntax over and over, with few newlines."""
    pieces = [
        draw.choice(ATOMS).encode() if draw.random() < 0.7 else draw.choice(SAMPLES)[: draw.randrange(1, 40)]
        for _ in range(draw.randrange(1, 4))
    ]
    line = b"".join(pieces) * draw.choice([1, 20, 500, 5000])
    return (line[: 1 << 16] + draw.choice([b"\n", b"\r", b""])) * draw.choice([1, 2, 5])


def _flip(data: bytearray, draw: random.Random) -> None:
    """One byte becomes another."""
    if data:
        data[draw.randrange(len(data))] = draw.randrange(256)


def _cut(data: bytearray, draw: random.Random) -> None:
    """A stretch is lost."""
    at = draw.randrange(len(data) + 1)
    del data[at : at + draw.randrange(1, 60)]


def _repeat(data: bytearray, draw: random.Random) -> None:
    """A stretch is printed again somewhere else."""
    at, to = draw.randrange(len(data) + 1), draw.randrange(len(data) + 1)
    data[to:to] = data[at : at + draw.randrange(1, 200)]


def _insert(data: bytearray, draw: random.Random) -> None:
    """Noise comes in between."""
    at = draw.randrange(len(data) + 1)
    data[at:at] = draw.choice(NOISE) * draw.choice([1, 1, 1, 50])


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _cut, _repeat, _insert)


def _pace(data: bytes) -> float:
    """CPU seconds for a megabyte; short inputs are repeated, so that what a reader costs to set up does not count."""
    data *= max(1, 50_000 // max(len(data), 1))
    start = time.process_time()
    Reader("log", facts=Facts()).feed(data, 0, final=True)
    return (time.process_time() - start) / max(len(data), 50_000) * 1e6


def _agree(data: bytes, draw: random.Random) -> bool:
    """Whether both drivers give the same records, and the same when the log comes in pieces."""
    cuts = [draw.randrange(1 << 20) for _ in range(8)]
    whole = read_in(data, [])
    return whole == read_in(data, [], fast=False) == read_in(data, cuts) == read_in(data, cuts, fast=False)


def _memory() -> int:
    """The most memory held so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _broken(seed: int, why: str) -> int:
    """Say what broke, and how to see it again."""
    print(f"fuzz: {why}; again with: python -m tests.formats.fuzz 1 {seed}")
    return 1


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main(float(words[0]) if words else MINUTES * 60.0, int(words[1]) if len(words) > 1 else 1))
