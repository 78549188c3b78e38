"""The feed of every live view: a thread that watches a run directory or logs, and publishes snapshots."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from trainwatch.model.clock import Clock
from trainwatch.model.errors import NotWrittenError, TrainwatchError
from trainwatch.model.snapshot import Command, Snapshot
from trainwatch.present.clean import lines as cleaned
from trainwatch.replay.logs import PATIENCE, Look, Written
from trainwatch.replay.target import Target
from trainwatch.replay.watch import Reading, Watch
from trainwatch.sources.readable import is_packed
from trainwatch.sources.tail import lines_before
from trainwatch.store import requests
from trainwatch.store.create import is_ours
from trainwatch.store.files import unique
from trainwatch.store.requests import Request
from trainwatch.store.views import Presence

POLL = 0.1
"""Seconds between looks."""

IDLE_POLL = 0.5
"""Seconds between looks when nothing came for `IDLE_AFTER`."""

IDLE_AFTER = 30.0

CLOCK = 1.0
"""Seconds between snapshots in which only the time has changed."""

Ends = Callable[[float], float | None]
"""The end in Unix seconds, asked with the time now; None: not known."""

Tell = Callable[[Snapshot], None]


class FollowFeed:
    """Implements `model.snapshot.Feed`. `latest` has something to show at once: a preview when the log is large.

    At most `rate` snapshots a second are published, and none when nothing has changed but for the time, which comes once a second while
    the run goes on.
    """

    def __init__(
        self, watch: Watch, *, clock: Clock, rate: float = 4.0, read_only: bool = False, attends: bool = False, ends_at: Ends | None = None
    ) -> None:
        """Nothing runs before `start`. With `read_only` nothing is asked of the run. `attends`: a person looks on who can say no.

        `ends_at` tells when the job's time is over.
        """
        self._watch, self._clock = watch, clock
        self._pause = 1.0 / rate
        self._read_only = read_only
        run_dir = watch.target.run_dir
        self._ends_at = ends_at
        self._theirs = run_dir is not None and not is_ours(run_dir.path)
        self._presence = Presence(run_dir) if attends and not (read_only or self._theirs) and run_dir is not None else None
        self._tell: list[Tell] = []
        self._told_at = -float("inf")
        self._came_at = clock.monotonic()
        self._changed = False
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        now = clock.now()
        self._latest = watch.preview(now) or self._first(now)
        self._ended = watch.ended and not self._latest.preview

    def start(self) -> None:
        """Begin to watch, in a thread that never keeps the program from ending; a long history is read by a process."""
        self._watch.hires = True
        self._thread = threading.Thread(target=self._run, name="trainwatch-follow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching, also in the middle of a large log. The run is not touched."""
        self._closed.set()
        self._watch.leaving = True
        if self._thread is not None:
            self._thread.join()
        self._watch.close()
        if self._presence is not None:
            self._presence.leave()

    @property
    def ended(self) -> bool:
        """Whether nothing more will come, and the newest snapshot says so."""
        return self._ended

    def latest(self) -> Snapshot:
        """The newest snapshot."""
        return self._latest

    def subscribe(self, tell: Tell) -> Callable[[], None]:
        """Be told of newer snapshots, from the feed's thread; returns what ends it."""
        self._tell.append(tell)
        return lambda: self._tell.remove(tell)

    def step(self) -> None:
        """One look at the world; publishes when it is time to."""
        now, at = self._clock.now(), self._clock.monotonic()
        if self._watch.poll(now):
            self._changed, self._came_at = True, at
        if not self._watch.leaving and self._is_due(at, now):
            ended = self._watch.ended
            self._publish(self._limited(self._watch.snapshot(now), now), at)
            self._ended = ended

    def _limited(self, snapshot: Snapshot, now: float) -> Snapshot:
        """With the time that is left, where the run itself does not know it."""
        end = self._ends_at(now) if self._ends_at is not None and snapshot.time_left is None else None
        return snapshot if end is None else replace(snapshot, time_left=end - now)

    def refusal(self, op: str) -> str:
        """Why such a command could not be accepted now; empty when it could."""
        return "" if op == "detach" else self._refusal()

    def request(self, command: Command) -> str:
        """Leave a request for the supervisor; returns what to tell the user."""
        if command.op == "detach":
            return "detached; training goes on"
        refusal = self.refusal(command.op)
        run_dir = self._watch.target.run_dir
        if refusal or run_dir is None:
            return refusal
        request_id = f"{command.op}-{unique()}"
        asked = Request(request_id, command.op, _who(), self._clock.now(), command.reason, command.confirm, command.unsaved)
        try:
            requests.ask(run_dir, asked)
        except NotWrittenError as error:
            return f"not asked: {error}"
        return f"asked to {command.op} ({request_id})"

    def log(self, end: int | None, lines: int) -> tuple[int, tuple[str, ...]]:
        """(start offset, cleaned lines): the last `lines` lines of the main source that end at or before byte `end` (None: now)."""
        path = Path(self._watch.run_file.info.main)
        if self._watch.target.pipe is not None or is_packed(path):
            return 0, self._latest.tail[-lines:]
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0, ()
        try:
            size = os.fstat(fd).st_size
            start, data = lines_before(fd, size if end is None else min(end, size), lines)
        finally:
            os.close(fd)
        return start, tuple(cleaned(data))

    def _first(self, now: float) -> Snapshot:
        """All of a small log at once."""
        self._watch.poll(now)
        return self._watch.snapshot(now)

    def _refusal(self) -> str:
        """Why nothing can be asked of the run; empty when it can."""
        if self._read_only:
            return "this view was opened with --read-only"
        if self._theirs:
            return "this run belongs to another user, who shares it: it can be watched"
        if self._watch.ended:
            return "the run has ended"
        if self._watch.target.run_dir is None:
            return "this log is only watched; `trainwatch attach --may save LOG` would supervise it"
        if not self._latest.run.supervised:
            return f"nobody supervises this run now; in a shell: trainwatch stop {self._latest.run.id}"
        return ""

    def _is_due(self, at: float, now: float) -> bool:
        """Whether to publish now."""
        since = at - self._told_at
        if since < self._pause:
            return False
        return self._changed or self._latest.preview or (since >= CLOCK and (not self._watch.ended or self._differs(now)))

    def _differs(self, now: float) -> bool:
        """Whether the last words of a run came after its log had ended."""
        new = self._watch.snapshot(now)
        return (new.state, new.stop, new.exit_code) != (self._latest.state, self._latest.stop, self._latest.exit_code)

    def _publish(self, snapshot: Snapshot, at: float) -> None:
        """Make it the newest and tell everybody."""
        self._latest, self._told_at, self._changed = snapshot, at, False
        for tell in tuple(self._tell):
            tell(snapshot)

    def _run(self) -> None:
        """Look again and again. What goes wrong once is shown, and tried again."""
        while not self._closed.is_set():
            if self._presence is not None:
                self._presence.renew(self._clock.monotonic())
            try:
                self.step()
            except (TrainwatchError, OSError) as error:
                self._trouble(str(error))
            idle = self._clock.monotonic() - self._came_at > IDLE_AFTER
            self._closed.wait(IDLE_POLL if idle else max(POLL, self._pause / 2))

    def _trouble(self, text: str) -> None:
        """Say in the snapshot that the view is not up to date."""
        if text not in self._latest.caveats:
            self._publish(replace(self._latest, caveats=(*self._latest.caveats, text)), self._clock.monotonic())


def open_feed(
    target: Target,
    *,
    clock: Clock,
    written: Written,
    look: Look | None = None,
    reading: Reading | None = None,
    patience: float = PATIENCE,
    rate: float = 4.0,
    read_only: bool = False,
    attends: bool = False,
    ends_at: Ends | None = None,
) -> FollowFeed:
    """A feed that watches the target already. See `Watch` and `FollowFeed` for the words.

    Raises NotFoundError, NotReadableError or DataFileError when run, log or preset cannot be read.
    """
    watch = Watch(target, now=clock.now(), reading=reading or Reading(), written=written, look=look, patience=patience)
    feed = FollowFeed(watch, clock=clock, rate=rate, read_only=read_only, attends=attends, ends_at=ends_at)
    feed.start()
    return feed


def _who() -> str:
    """Who asks."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
