"""One refresh of the chart at 120x40 with five series of 10,000 points: CPU, and bytes to the terminal through a pty.

The peers are ours with the habit switched off: every column cut anew, and a plain `refresh()` of whole widgets.
"""

from __future__ import annotations

import fcntl
import math
import os
import pty
import random
import select
import statistics
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rounds import interleave, report
from tests.tui.fakefeed import FakeFeed, snapshot

from trainwatch.model.series import Series
from trainwatch.present.canvas import Canvas
from trainwatch.present.chart import ColumnCache
from trainwatch.present.columns import extremes
from trainwatch.present.look import UNICODE
from trainwatch.present.overview import Painter
from trainwatch.present.plot import Curve, draw
from trainwatch.present.scale import y_limits
from trainwatch.present.theme import load
from trainwatch.tui.watcher import Watcher
from trainwatch.tui.widgets.cells import Cells

POINTS, TOTAL, SIZE = 10_000, 14_000, (120, 40)
MODES = ("full", "changed", "still")
FRAMES = 12
"""Refreshes counted on the wire; what came before the first of them is start-up."""


def five_series() -> list[Series]:
    """Five noisy falling curves."""
    out = []
    for k in range(5):
        dice, series = random.Random(k), Series()
        series.extend([3 * math.exp(-i / 2500) + 0.3 * k + dice.gauss(0, 0.03) for i in range(POINTS)], 1, POINTS)
        out.append(series)
    return out


def chart(series: list[Series], cache: ColumnCache) -> Canvas:
    """The plot of all series over the whole of 120x40."""
    canvas = Canvas(*SIZE)
    curves = [Curve(cache.columns(str(i), s, TOTAL, SIZE[0] * 2), "series.train", "o", "series.band") for i, s in enumerate(series)]
    draw(canvas, curves, y_limits([extremes(curve.columns) for curve in curves]), UNICODE)
    return canvas


def cpu() -> None:
    """CPU of one more point and a redraw."""
    series, cache, old = five_series(), ColumnCache(), [Canvas(*SIZE)]
    painter, shown = Painter(UNICODE), snapshot(2600)

    def one_more() -> None:
        for s in series:
            s.extend([s.values[-1]], len(s) + 1, len(s) + 1)

    def refresh(kept: ColumnCache) -> float:
        one_more()
        start = time.process_time()
        new = chart(series, kept)
        list(new.changes(old[0]))
        old[0] = new
        return time.process_time() - start

    def whole() -> float:
        start = time.process_time()
        painter.screen(shown, *SIZE)
        return time.process_time() - start

    jobs = {
        "columns cut anew": lambda: refresh(ColumnCache()),
        "chart, 5 x 10,000 points": lambda: refresh(cache),
        "all panels of the overview": whole,
    }
    report("chart refresh, CPU", interleave(jobs, 25), ["columns cut anew"])


def child(mode: str) -> None:
    """The app over a run that grows ten steps every half second; `full` refreshes whole widgets, `still` is a run that stands still."""
    if mode == "full":

        def show(self: Cells, canvas: Canvas) -> None:
            self.canvas = canvas
            self.refresh()

        Cells.show = show  # type: ignore[method-assign]
    by = 0 if mode == "still" else 10
    frames = [snapshot(2000 + by * i) for i in range(FRAMES + 1)]
    feed = FakeFeed(frames[0])

    def play() -> None:
        time.sleep(1.5)
        os.write(2, b"\x00")
        spent = time.process_time()
        for frame in frames[1:]:
            feed.show(frame)
            time.sleep(0.5)
        spent = time.process_time() - spent
        os.write(2, f"\x00{spent:.3f}\x00".encode())
        app.call_from_thread(app.leave)

    app = Watcher(feed, ascii=False, colours=load("dark"))
    threading.Thread(target=play, daemon=True).start()
    app.run(mouse=False)


def wire(mode: str, size: tuple[int, int]) -> tuple[float, float]:
    """(bytes per refresh, CPU milliseconds per refresh) in a pty of that size."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    argv = [sys.executable, __file__, "--child", mode]
    process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
    os.close(slave)
    data = bytearray()
    while process.poll() is None:
        if select.select([master], [], [], 0.1)[0]:
            try:
                data += os.read(master, 65536)
            except OSError:
                break
    process.wait()
    os.close(master)
    _, drawn, spent, _ = bytes(data).split(b"\x00")
    return len(drawn) / FRAMES, float(spent) * 1000 / FRAMES


def main() -> None:
    """Both tables."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2])
        return
    cpu()
    for size in ((80, 24), SIZE):
        rounds = [[wire(mode, size) for mode in MODES] for _ in range(3)]
        print(f"\noverview {size[0]}x{size[1]} in a pty, one refresh  ({len(rounds)} rounds of {FRAMES})")
        for i, mode in enumerate(MODES):
            sent, spent = (statistics.median(r[i][at] for r in rounds) for at in (0, 1))
            ratio = statistics.median(r[i][0] / r[0][0] for r in rounds)
            print(f"  {mode:34} {sent:8.0f} bytes {ratio:8.3f} x full {spent:8.1f} ms CPU")


if __name__ == "__main__":
    main()
