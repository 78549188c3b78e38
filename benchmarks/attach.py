"""Attaching to a log: the second time against the first, the first picture of a log of any size, memory against the columns.

python benchmarks/attach.py [MEGABYTES [ROUNDS]]      100 and 1000 MB of HF with bars, five rounds, when nothing is said

Both attaches read, judge by the preset `default` and hand over a snapshot, in a fresh process each; the interpreter's start and our
imports are left out of the seconds. The log of 10 GB is sparse: it holds text where it is looked at.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import logs
from rounds import Job, interleave, report

SIZES = (100, 1000)
PICTURES = 11
"""First pictures of each size."""

POINTS = 10_000_000
MEGABYTE = 1_000_000


def attach(path: Path) -> None:
    """Read a finished log and judge it."""
    from trainwatch.replay.run import fold_files  # noqa: PLC0415  what is timed starts behind it
    from trainwatch.rules.preset import load  # noqa: PLC0415

    preset = load("default")
    start = time.perf_counter()
    engine = fold_files([path], preset=preset)
    records = engine.snapshot().records
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, records, _columns(engine.curves.series.values()))


def picture(path: Path) -> None:
    """The data of the first picture: detection, sample, snapshot. Processor seconds: it waits for nothing but the page cache."""
    from trainwatch.replay.target import Target  # noqa: PLC0415
    from trainwatch.replay.watch import Reading, Watch  # noqa: PLC0415

    watch = Watch(Target(logs=(path,)), now=0.0, reading=Reading(), written=lambda _: True)
    start = time.process_time()
    seen = watch.preview(0.0)
    seconds = time.process_time() - start
    assert seen is not None
    assert seen.evaluations or seen.series
    print(seconds)


def _columns(series: object) -> int:
    """Bytes of values and pyramids."""
    return sum(sum(len(part) * 8 for part in (one.values, *one._low, *one._high)) for one in series)  # noqa: SLF001


def child(name: str, path: Path) -> list[float]:
    """What a part prints that runs in a process of its own."""
    done = subprocess.run([sys.executable, __file__, name, str(path)], check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]


def sparse(path: Path, size: int, text: bytes) -> None:
    """A log of any size that holds text where the first picture looks, and holes elsewhere."""
    from trainwatch.sources.tail import HEAD, TAIL, WINDOW, WINDOWS  # noqa: PLC0415

    starts = [HEAD + number * (size - HEAD - TAIL) // WINDOWS for number in range(WINDOWS)]
    with path.open("wb") as file:
        for start, length in [(0, HEAD), *((start, WINDOW) for start in starts), (size - TAIL, TAIL)]:
            file.seek(start)
            file.write(text[:length])
        file.truncate(size)


def pictures(folder: Path) -> None:
    """The first picture of logs of 10 MB to 10 GB."""
    logs.write("hf", 1, folder / "text")
    text = (folder / "text").read_bytes()
    jobs: dict[str, Job] = {}
    for megabytes in (10, 100, 1_000, 10_000):
        path = folder / f"{megabytes}.out"
        sparse(path, megabytes * MEGABYTE, text)
        jobs[f"first picture, {megabytes:,} MB"] = lambda path=path: child("picture", path)[0]
    report("the data of the first picture", interleave(jobs, PICTURES), ["first picture, 10 MB"])


def again(folder: Path, megabytes: int, rounds: int) -> None:
    """The second attach against the first, and memory."""
    path = folder / "train.out"
    logs.write("hf", megabytes, path)
    told: dict[str, list[float]] = {}

    def job(name: str, before: Callable[[], None]) -> Job:
        def timed() -> float:
            before()
            told[name] = child("attach", path)
            return told[name][0]

        return timed

    def forget() -> None:
        for kept in folder.rglob("*.columns"):
            kept.unlink()

    seconds = interleave({"first attach": job("first", forget), "second attach": job("second", lambda: None)}, rounds)
    report(f"attach, HF with bars, {megabytes:,} MB", seconds, ["first attach"])
    kept = sum(file.stat().st_size for file in folder.rglob("*.columns"))
    _, memory, records, size = told["first"]
    assert told["second"][2:] == [records, size]
    print(f"  kept {kept / MEGABYTE:.1f} MB; columns with pyramids {size / MEGABYTE:.1f} MB; whole process {memory / 1000:.0f} MB")


def points() -> None:
    """Memory of a long series, and of the lists that would hold the same."""
    from trainwatch.model.series import Series  # noqa: PLC0415

    series, values = Series(), array("d", range(1000))
    for start in range(0, POINTS, 1000):
        series.extend(values, start, start + 999)
    size = _columns([series]) + 16 * len(series._at)  # noqa: SLF001
    pairs = sys.getsizeof([0.0] * 1000) / 1000 + sys.getsizeof(1.0)
    print(f"\na series of {POINTS:,} points: {size / POINTS:.2f} bytes a point; a list of floats: {pairs:.0f}")


def main() -> None:
    """The sizes and rounds that the command line says."""
    sizes = (int(sys.argv[1]),) if len(sys.argv) > 1 else SIZES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = name
        pictures(Path(name))
    for megabytes in sizes:
        with tempfile.TemporaryDirectory() as name:
            os.environ["XDG_CACHE_HOME"] = name
            again(Path(name), megabytes, rounds)
    points()


if __name__ == "__main__":
    if sys.argv[1:2] in (["attach"], ["picture"]):
        {"attach": attach, "picture": picture}[sys.argv[1]](Path(sys.argv[2]))
    else:
        main()
