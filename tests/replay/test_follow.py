import math
import os
import threading
import time

import pytest
from tests.replay.runs import NOW, evaluation, left_alone, record

from trainwatch.model.errors import NotReadableError, NotWrittenError
from trainwatch.model.snapshot import Command
from trainwatch.replay import follow
from trainwatch.replay.follow import FollowFeed, open_feed
from trainwatch.replay.target import Target
from trainwatch.replay.watch import Reading, Watch
from trainwatch.sources.tail import SMALL
from trainwatch.store import requests


def somebody(_):
    return True


def fed(target, clock, **more):
    return FollowFeed(Watch(target, now=clock.now(), reading=Reading(), written=more.pop("written", somebody)), clock=clock, **more)


def append(log, data):
    with log.open("ab") as file:
        file.write(data)


def test_there_is_something_to_show_at_once(log, clock):
    """A small log has been read when the feed is there; a large one has a preview until the first look has read it."""
    log.write_bytes(evaluation(1, 2.5))
    assert [e.value for e in fed(Target(logs=(log,)), clock).latest().evaluations] == [2.5]
    log.write_bytes(record(1) * (SMALL // len(record(1)) + 1))
    feed = fed(Target(logs=(log,)), clock)
    assert feed.latest().preview
    assert not feed.ended
    feed.step()
    assert not feed.latest().preview
    assert feed.latest().bytes_read == log.stat().st_size


def test_no_more_often_than_asked_and_not_without_news(log, clock):
    """Ten records in a second at four a second; then only the clock, once a second; and it stops with the run."""
    log.write_bytes(record(1))
    feed, told = fed(Target(logs=(log,)), clock), []
    unsubscribe = feed.subscribe(told.append)
    for step in range(10):
        append(log, record(step))
        feed.step()
        clock.sleep(0.1)
    assert 3 <= len(told) <= 5
    clock.sleep(1)
    feed.step()
    assert told[-1].records == 11
    told.clear()
    for _ in range(50):
        clock.sleep(0.1)
        feed.step()
    assert 4 <= len(told) <= 5
    unsubscribe()
    told.clear()
    clock.sleep(5)
    feed.step()
    assert told == []


def test_an_ended_run_is_quiet(log, clock):
    """No new bytes, no new snapshot."""
    log.write_bytes(record(1))
    feed, told = fed(Target(logs=(left_alone(log),)), clock, written=lambda _: False), []
    feed.subscribe(told.append)
    for _ in range(100):
        clock.sleep(0.1)
        feed.step()
    assert feed.ended
    assert len(told) <= 1


def test_the_end_is_told_with_the_snapshot_that_shows_it(log, clock):
    """Whoever waits for the end and then reads the newest snapshot finds the last words in it."""
    log.write_bytes(record(1))
    writers = [True]
    feed = fed(Target(logs=(left_alone(log),)), clock, written=lambda _: bool(writers), rate=0.1)
    feed.step()
    append(log, b"MemoryError: no more\n")
    writers.clear()
    while not feed.ended:
        clock.sleep(1)
        feed.step()
        assert feed.ended == (feed.latest().state in ("done", "failed"))


def test_a_request_is_a_file_for_the_supervisor(supervisor, clock):
    """Who, what, why, when; the user is told that it was asked."""
    feed = fed(Target(run_dir=supervisor.dir), clock)
    assert not feed.refusal("stop")
    assert feed.request(Command("stop", "bored", "demo")).startswith("asked to stop (stop-")
    ((name, request),) = requests.waiting(supervisor.dir, NOW)
    assert (request.op, request.reason, request.confirm, request.at) == ("stop", "bored", "demo", NOW)
    assert request.who
    assert name.startswith("stop-")


def test_what_cannot_be_asked_is_said(supervisor, log, clock, monkeypatch):
    """A bare log, a read-only view, nobody to carry it out, a run that is over, a full disk: each has its words."""
    run, save = Target(run_dir=supervisor.dir), Command("save")
    bare = fed(Target(logs=(log,)), clock)
    assert "only watched" in bare.request(save)
    assert "only watched" in bare.refusal("save")
    assert not bare.refusal("detach")
    assert "training goes on" in bare.request(Command("detach"))
    assert "--read-only" in fed(run, clock, read_only=True).request(save)

    def full(*_):
        raise NotWrittenError("x: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(follow.requests, "ask", full)
        assert fed(run, clock).request(save) == "not asked: x: No space left on device"
    supervisor.die()
    assert "nobody supervises" in fed(run, clock).request(save)
    supervisor.end(NOW)
    assert fed(run, clock).request(save) == "the run has ended"


def test_the_log_can_be_paged(log, clock):
    """The newest lines, then those before them, cleaned; nothing where there is no file."""
    log.write_bytes(b"".join(b"line %d\x1b[31m\n" % i for i in range(100)))
    feed = fed(Target(logs=(log,)), clock)
    start, lines = feed.log(None, 3)
    assert lines == ("line 97", "line 98", "line 99")
    start, lines = feed.log(start, 2)
    assert lines == ("line 95", "line 96")
    assert feed.log(0, 5) == (0, ())
    assert feed.log(10**9, 1)[1] == ("line 99",)
    log.unlink()
    assert feed.log(None, 3) == (0, ())


def test_a_pipe_has_its_tail_as_log(clock):
    """What went by cannot be read again."""
    out, into = os.pipe()
    os.write(into, b"a\nb\n")
    feed = fed(Target(pipe=out), clock)
    assert feed.log(None, 1) == (0, ("b",))
    os.close(into)
    os.close(out)


def test_a_look_that_fails_is_shown_and_tried_again(log, clock, monkeypatch):
    """The thread does not die of it; the snapshot says that it is not up to date, once."""
    feed = fed(Target(logs=(log,)), clock)
    looks = threading.Semaphore(0)

    def fail():
        looks.release()
        raise NotReadableError("arrivals.jsonl: is damaged")

    monkeypatch.setattr(feed, "step", fail)
    monkeypatch.setattr(follow, "POLL", 0.01)
    feed.start()
    for _ in range(3):
        assert looks.acquire(timeout=10)
    feed.close()
    assert feed.latest().caveats == ("arrivals.jsonl: is damaged",)


@pytest.mark.timeout(60)
def test_a_feed_with_its_own_thread(log, clock):
    """Opened, it follows by itself; closed, it is gone."""
    log.write_bytes(evaluation(1, 0.7))
    clock.at = math.floor(time.time())  # noqa: TID251  the file has a real time
    news = threading.Event()
    feed = open_feed(Target(logs=(log,)), clock=clock, written=somebody)
    feed.subscribe(lambda snapshot: news.set() if len(snapshot.evaluations) == 2 else None)
    append(log, evaluation(2, 0.5))
    for _ in range(100):
        clock.sleep(1)
        if news.wait(0.1):
            break
    assert news.is_set()
    feed.close()
    assert not any(thread.name == "trainwatch-follow" for thread in threading.enumerate())


@pytest.mark.timeout(60)
def test_leaving_does_not_wait_for_a_large_log(log, clock, monkeypatch):
    """Whoever presses q while the history is still being read is let go at once."""
    log.write_bytes(record(1) * (SMALL // len(record(1)) + 1))
    feed = fed(Target(logs=(log,)), clock)
    reading, fold = threading.Event(), feed._watch.engine.feed

    def slowly(item):
        reading.set()
        time.sleep(0.2)
        return fold(item)

    monkeypatch.setattr(feed._watch.engine, "feed", slowly)
    feed.start()
    assert reading.wait(10)
    started = time.monotonic()
    feed.close()
    assert time.monotonic() - started < 2
    assert feed.latest().preview
