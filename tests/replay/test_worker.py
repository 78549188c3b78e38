from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.replay.runs import NOW, Supervisor, evaluation, left_alone, record
from tests.replay.test_kept import BARS, told

from trainwatch.engine.engine import Engine
from trainwatch.model.inputs import Chunk
from trainwatch.replay import kept, watch, worker
from trainwatch.replay.follow import FollowFeed
from trainwatch.replay.run import fold_files
from trainwatch.replay.target import Target
from trainwatch.replay.watch import Reading, Watch
from trainwatch.replay.whole import fold_target
from trainwatch.replay.worker import Worker
from trainwatch.rules.preset import load
from trainwatch.sources.tail import SMALL
from trainwatch.store.runfile import RunFile

RECORDS = b"".join(record(step, 2.0 - step / 5_000) for step in range(4_000)) + evaluation(7, 0.25)
LOG = BARS + RECORDS
assert len(LOG) > SMALL
PATIENCE = 60.0
"""Seconds until which whatever is waited for has happened on any machine."""

VIEW = """
import sys
from pathlib import Path
from trainwatch.replay.follow import open_feed
from trainwatch.replay.run import fold_files
from trainwatch.replay.target import Target
from trainwatch.supervise.clock import SystemClock
feed = open_feed(Target(logs=(Path(sys.argv[1]),)), clock=SystemClock(), written=lambda _: True)
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def log(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log that has a preview, a cache of its own, and the wish to read even this little elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(watch, "LONG", 1000)
    log.write_bytes(LOG)
    return left_alone(log)


def wait(condition, what: str) -> None:
    """Until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def fed(log: Path) -> FollowFeed:
    """A feed on a log that nobody writes, without its thread."""
    return FollowFeed(Watch(Target(logs=(log,)), now=NOW, reading=Reading(), written=lambda _: False), clock=Still(), rate=1000.0)


class Still:
    """A clock that goes on by a second at each look."""

    at = NOW

    def now(self) -> float:
        """Unix seconds."""
        self.at += 1
        return self.at

    def monotonic(self) -> float:
        """The same."""
        return self.at


def running(log: Path) -> list[psutil.Process]:
    """The workers of this log's session."""
    workers = [process for process in psutil.process_iter(["cmdline"]) if worker.__name__ in (process.info["cmdline"] or ())]
    return [process for process in workers if str(log.parent) in _environ(process)]


def _environ(process: psutil.Process) -> str:
    """Where a process keeps its cache: in our tests, below the folder of the test."""
    try:
        return process.environ().get("XDG_CACHE_HOME", "")
    except psutil.Error:
        return ""


def test_a_worker_reads_what_we_would_have_read(log: Path):
    """The fold that it hands over tells what a fold of the same bytes tells, and on the way it says how far it is."""
    expected = fold_files([log], preset=load("default"))
    other = Engine(expected.preset, expected.run)
    shares: list[float] = []
    one = Worker(RunFile(expected.run))

    def news() -> bool:
        one.poll()
        shares.append(one.read)
        return one.ended

    wait(news, "the worker comes to its end")
    assert one.take_up(other)
    one.close()
    other.feed(Chunk(str(log), len(LOG), b"", final=True))
    assert told(other.snapshot()) == told(expected.snapshot())
    assert shares == sorted(shares)
    assert 0 < shares[-1] <= 1


def test_a_worker_is_heard_beside_a_thousand_open_logs(log: Path):
    """A run of a thousand ranks has as many logs open: what the worker says comes on a number above all of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, hard))
    held = [os.open(log, os.O_RDONLY) for _ in range(1100)]
    one = Worker(RunFile(fold_files([log], preset=load("default")).run))
    wait(lambda: one.poll() and one.ended, "the worker comes to its end")
    one.close()
    for fd in held:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_screen_has_a_preview_until_the_worker_is_done(log: Path):
    """Preview, then how far the history is read, what comes meanwhile included, then the whole."""
    feed = fed(log)
    feed._watch.hires = True
    assert feed.latest().preview
    assert feed.latest().evaluations[-1].value == 0.25
    feed.step()
    assert (feed.latest().preview, feed.latest().history_read) == (True, 0.0)
    assert not feed.ended
    with log.open("ab") as file:
        file.write(evaluation(9, 0.125) + b"what follows tells that no bar belongs to it\n")
    feed.step()
    assert feed.latest().preview
    assert feed.latest().evaluations[-1].value == 0.125

    def whole() -> bool:
        feed.step()
        return not feed.latest().preview

    wait(whole, "the history is read")
    seen = feed.latest()
    assert seen.history_read is None
    assert seen.bytes_read == log.stat().st_size
    assert seen.records > 3_000
    feed.close()


def test_what_was_read_before_needs_no_worker(log: Path, monkeypatch: pytest.MonkeyPatch):
    """The second attach has a preview at once, and the whole at the first look."""
    monkeypatch.setattr(kept, "WORTH", 1000)
    expected = fold_files([log], preset=load("default")).snapshot()
    feed = fed(log)
    feed._watch.hires = True
    assert feed.latest().preview
    feed.step()
    assert not feed.latest().preview
    assert feed.latest().records == expected.records
    assert repr(feed.latest().events) == repr(expected.events)
    feed.close()


def test_a_run_of_ours_is_read_elsewhere_too(log: Path, environ: dict[str, str]):
    """Its arrivals are folded by the worker, and read on behind it; what the view shows at last is what a fold of all tells."""
    run = Supervisor(log, environ)
    run.read(NOW)
    feed = FollowFeed(Watch(Target(run_dir=run.dir), now=NOW, reading=Reading(), written=lambda _: True), clock=Still(), rate=1000.0)
    feed._watch.hires = True
    feed.step()
    assert (feed.latest().preview, feed.latest().history_read) == (True, 0.0)
    with log.open("ab") as file:
        file.write(evaluation(9, 0.125) + b"what follows tells that no bar belongs to it\n")

    def whole() -> bool:
        feed.step()
        return not feed.latest().preview

    wait(whole, "the history is read")
    run.read(NOW + 1)
    feed.step()
    expected = fold_target(Target(run_dir=run.dir), preset=load("default"))
    assert repr(feed.latest().evaluations) == repr(expected.board.evaluations)
    assert repr(feed.latest().events) == repr(tuple(expected.events))
    assert feed.latest().evaluations[-1].value == 0.125
    assert feed.latest().bytes_read == log.stat().st_size
    feed.close()


def test_a_worker_that_fails_is_replaced_by_ourselves(log: Path, monkeypatch: pytest.MonkeyPatch):
    """It cannot be started, it dies, it says nonsense: the view reads the log itself."""
    monkeypatch.setattr(kept, "WORTH", 1 << 40)
    for command in ("/nowhere/python", "/bin/false", "/bin/echo"):
        monkeypatch.setattr(worker.sys, "executable", command)
        feed = fed(log)
        feed._watch.hires = True

        def whole(feed: FollowFeed = feed) -> bool:
            feed.step()
            return not feed.latest().preview

        wait(whole, "the history is read")
        assert feed.latest().bytes_read == len(LOG)
        feed.close()


def test_who_leaves_takes_the_worker_along(log: Path):
    """Closing the view in the middle of a history leaves no process behind."""
    feed = fed(log)
    feed._watch.hires = True
    feed.step()
    assert running(log)
    feed.close()
    assert not running(log)


def test_a_view_that_is_killed_leaves_no_worker_behind(log: Path):
    """Nobody listens any more: the worker ends by itself, whatever there is left to read."""
    with log.open("ab") as file:
        for _ in range((32 << 20) // len(RECORDS)):
            file.write(RECORDS)
    view = subprocess.Popen([sys.executable, "-c", VIEW, str(log)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert view.stdout is not None
    assert view.stdout.readline() == b"open\n"
    wait(lambda: running(log) or view.poll() is not None, "the worker is there")
    os.kill(view.pid, signal.SIGKILL)
    view.communicate()
    wait(lambda: not running(log), "the worker has ended")


def test_what_is_handed_over_comes_at_once(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Columns of many times what a pipe holds take a look or two, not a look for each filling."""
    script = tmp_path / "worker.sh"
    script.write_text("#!/bin/sh\ncat > /dev/null\necho 'trainwatch columns 1'\nhead -c 8000000 /dev/zero\n")
    script.chmod(0o700)
    monkeypatch.setattr(worker.sys, "executable", str(script))
    one = Worker(RunFile(fold_files([log], preset=load("off")).run))
    wait(one.poll, "the first bytes have come")
    looks = 1
    while not one.ended:
        looks += one.poll()
    assert looks < 20
    assert len(one._text) > 8_000_000
    one.close()
