"""Following a growing log: the processor time of one core that it takes, at 10, 1,000 and 100,000 lines a second.

python benchmarks/following.py [SECONDS [ROUNDS]]      ten seconds a rate and side, five rounds, when nothing is said

A line is a bar and a dict of four keys. Both sides read what was gathered in half a second, as the supervisor and the view in plain lines
do; what they look at beside the log is in `overhead.py`. The other side is `readline`, a pattern and `literal_eval`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import logs
from reading import PARSERS
from rounds import interleave, report

from trainwatch.supervise.rest import GATHER

RATES = (10, 1_000, 100_000)
BEFORE = 100
"""Lines that are there and read before the clock starts: imports and patterns are made once in a follower's life."""

TICK = 0.01
Look = Callable[[], int]
"""Reads what is there; returns how many records were complete."""

SETTLE = 1.0
"""Seconds after the last line in which what was written is read. What that costs is counted, the time is not."""


def ours(path: Path) -> Look:
    """The product's own follower and reader."""
    from trainwatch.engine.bulk import collector_paused  # noqa: PLC0415  a follower of its own process
    from trainwatch.formats.reader import Reader  # noqa: PLC0415
    from trainwatch.model.facts import Facts  # noqa: PLC0415
    from trainwatch.sources.follow import Follower  # noqa: PLC0415

    follower, reader = Follower(path), Reader(str(path), facts=Facts())

    def look() -> int:
        now, records = time.monotonic(), 0
        with collector_paused():
            while (chunk := follower.read(now)) is not None:
                records += sum(map(len, reader.feed(chunk.data, chunk.offset, seen_at=chunk.seen_at)))
        return records

    return look


def naive(path: Path) -> Look:
    """The loop that everyone writes."""
    file = path.open(encoding="utf-8", newline="\n")
    kept = []

    def look() -> int:
        before = len(kept)
        while line := file.readline():
            record = PARSERS["hf_lines"](line)
            if record is not None:
                kept.append(record)
        return len(kept) - before

    return look


def followed(side: str, folder: Path, lines: list[bytes], rate: int) -> float:
    """Write lines at a rate while a side follows; its processor time as a share of the time that writing took."""
    log = folder / f"{side}-{rate}.log"
    log.write_bytes(b"".join(lines[:BEFORE]))
    child = subprocess.Popen([sys.executable, __file__, side, str(log)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    start, written = time.monotonic(), BEFORE
    with log.open("ab", buffering=0) as file:
        while written < len(lines):
            due = min(BEFORE + int((time.monotonic() - start) * rate) + 1, len(lines))
            file.write(b"".join(lines[written:due]))
            written = due
            time.sleep(max(TICK, 1 / rate))
    took = time.monotonic() - start
    time.sleep(SETTLE)
    child.send_signal(signal.SIGTERM)
    spent, records = child.communicate()[0].split()
    assert int(records) >= len(lines) * 0.99 - 1, f"{side}: {records} of {len(lines)} records"
    return float(spent) / took


def watched(side: str, path: Path) -> None:
    """Follow in this process: say when it begins, and at last how many seconds the processor worked, and how many records there were."""
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    look = SIDES[side](path)
    records = look()
    print("ready", flush=True)
    start = time.process_time()
    while not told:
        records += look()
        time.sleep(GATHER)
    records += look()
    print(time.process_time() - start, records)


def main(seconds: float, rounds: int) -> None:
    """Every rate, in turns."""
    with tempfile.TemporaryDirectory() as name:
        for rate in RATES:
            lines = list(islice(_lines(), BEFORE + int(rate * seconds)))
            jobs = {side: partial(followed, side, Path(name), lines, rate) for side in SIDES}
            report(f"{rate:,} lines a second, thousandths of a core", interleave(jobs, rounds), ["naive"])


def _lines() -> Iterator[bytes]:
    """A bar and a record on one line each."""
    for piece in logs.hf(Random(logs.SEED)):
        if piece.startswith(b"\r"):
            *_, frame, _, record = piece.partition(b"\n")[0].split(b"\r")
            yield b"\r" + frame + b"\r" + record + b"\n"


SIDES: dict[str, Callable[[Path], Look]] = {"trainwatch": ours, "naive": naive}

if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] and words[0] in SIDES:
        watched(words[0], Path(words[1]))
    else:
        main(float(words[0]) if words else 10.0, int(words[1]) if len(words) > 1 else 5)
