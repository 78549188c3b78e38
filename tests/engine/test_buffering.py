from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk, Tick
from trainwatch.model.snapshot import RunInfo
from trainwatch.rules.preset import load
from trainwatch.sources.follow import Follower

LINE = "{'loss': %.4f, 'grad_norm': 1.0, 'learning_rate': 0.0001, 'epoch': %.2f}\n"
SAID = "t.out is written in blocks: what you see is up to {} old; fix: start the job with PYTHONUNBUFFERED=1"


def watched(pieces: list[bytes], gap: float, then: float = 0.0) -> tuple[str, ...]:
    """The caveats of a run whose pieces arrive `gap` seconds apart, `then` seconds after the last."""
    engine = Engine(load("off"), RunInfo("t", "t", ("t.out",)))
    offset, at = 0, 1000.0
    for piece in pieces:
        at += gap
        engine.feed(Chunk("t.out", offset, piece, at))
        offset += len(piece)
    engine.feed(Tick(at + then))
    return engine.snapshot().caveats


def whole_lines(block: int, blocks: int) -> list[bytes]:
    """Blocks as Python writes them: lines until the next one would not fit."""
    out, piece = [], b""
    for i in range(blocks * block):
        line = (LINE % (3 / (i + 1), i / 100)).encode()
        if len(piece) + len(line) > block:
            out.append(piece)
            piece = b""
        piece += line
    return out[:blocks]


def test_blocks_of_python_and_of_c_are_recognised():
    """Three blocks in a row with time between them; the age is that time, or the silence since, whichever is longer."""
    assert watched(whole_lines(8192, 4), 300.0) == (SAID.format("5 min"),)
    text = b"".join(whole_lines(8192, 8))
    assert watched([text[at : at + 4096] for at in range(0, 16384, 4096)], 300.0, 3600.0) == (SAID.format("1 h 00 min"),)


@pytest.mark.parametrize("gap", [0.2, 300.0])
def test_lines_as_they_are_printed_are_not(gap: float):
    """Lines, pieces of any length, and blocks in quick succession are what they seem."""
    lines = [(LINE % (3 / i, i / 100)).encode() for i in range(1, 40)]
    assert watched(lines, gap) == ()
    assert watched([b"".join(lines[i : i + 2]) for i in range(0, 20, 2)], gap) == ()
    assert watched(whole_lines(8192, 4), 0.2) == ()


def test_records_in_bursts_between_bars_are_recognised():
    """The bar goes to the same file unbuffered, so the bytes come steadily; the records do not."""
    pieces: list[bytes] = []
    for burst in range(5):
        pieces += [b"\r %d%%|##   | %d/9000 [01:00<09:00,  1.2it/s]" % (burst, burst * 60 + i) for i in range(60)]
        pieces.append(b"\n" + b"".join((LINE % (2.0, burst + i / 100)).encode() for i in range(60)))
    assert watched(pieces, 1.0) == (SAID.format("1 min"),)


def test_a_writer_that_flushes_again_is_forgiven():
    """One line by itself ends the matter, and so does the end of the log."""
    blocks = whole_lines(8192, 4)
    assert watched([*blocks, LINE.encode() % (0.5, 9.0)], 300.0) == ()
    engine = Engine(load("off"), RunInfo("t", "t", ("t.out",)))
    for i, block in enumerate(blocks):
        engine.feed(Chunk("t.out", sum(map(len, blocks[:i])), block, 300.0 * i))
    engine.feed(Chunk("t.out", sum(map(len, blocks)), b"", 1200.0, final=True))
    assert engine.snapshot().caveats == ()


@pytest.mark.real
def test_a_real_python_writes_such_blocks(tmp_path):
    """What Python itself holds back is recognised, whatever its version; the same program unbuffered is not."""
    script = "import time\nfor i in range(640):\n    print({'loss': 3 / (i + 1), 'learning_rate': 1e-4, 'epoch': i / 100})\n    time.sleep(0.01)\n"
    for unbuffered in ("", "1"):
        log = tmp_path / f"t{unbuffered}.out"
        with log.open("wb") as out:
            job = subprocess.Popen([sys.executable, "-c", script], stdout=out, env={**os.environ, "PYTHONUNBUFFERED": unbuffered})
        follower, engine = Follower(log, "t.out"), Engine(load("off"), RunInfo("t", "t", ("t.out",)))
        begun, said = time.monotonic(), False
        while job.poll() is None:
            while (chunk := follower.read((time.monotonic() - begun) * 60)) is not None:
                engine.feed(chunk)
                said = said or bool(engine.snapshot().caveats)
            time.sleep(0.05)
        follower.close()
        assert said is not bool(unbuffered)
