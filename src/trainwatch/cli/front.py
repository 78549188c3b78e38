"""Staying with a run: the screen, or plain lines in front, until it ends or somebody detaches."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainwatch.cli.deeds import Deeds
from trainwatch.cli.plain import Plain
from trainwatch.cli.preempt import Preemption
from trainwatch.present.sentences import ENDED, detached_sentence
from trainwatch.supervise import clock
from trainwatch.supervise.aside import reason
from trainwatch.supervise.discover import written
from trainwatch.supervise.outcome import Outcome, Waiter
from trainwatch.supervise.spawn import supervised

if TYPE_CHECKING:
    from trainwatch.replay.follow import FollowFeed
    from trainwatch.store.rundir import RunDir
    from trainwatch.supervise.start import Started

POLL = 0.5
"""Seconds between looks; signals are heeded at once."""

LAG = 2 * POLL
"""Seconds by which a view is behind the supervisor: what was done is told after what it was done for."""

CLOSING = 60.0
"""Seconds that the report of a long run may take."""

ALONE = 10.0
"""Seconds without a supervisor after which that is said: the shim starts a new one sooner."""

CLEAR = "the job goes on. ctrl-c once more detaches; `trainwatch stop {id} --confirm {id}` saves and stops it"


def has_screen(*, plain: bool) -> bool:
    """Whether a screen can be opened."""
    return not plain and sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def closing_time(environ: Mapping[str, str]) -> float | None:
    """Seconds after the end of the run at which the screen closes by itself, by TRAINWATCH_CLOSE_AFTER; None waits for a key."""
    text = environ.get("TRAINWATCH_CLOSE_AFTER", "")
    return float(text) if text.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Screen:
    """How a screen is drawn; `ascii` None: as the terminal allows."""

    ascii: bool | None = None
    theme: str = "default"


def stay(started: Started, screen: Screen | None) -> int:
    """Watch until the end, on a screen or in plain lines; returns the run's exit code, 0 when detached before it."""
    front = Front(started.run_dir, started.run.info.id, terse=started.inherited, shim=started.shim, grace=started.grace)
    return front.lines() if screen is None else front.screen(screen)


def feed_of(run_dir: RunDir, *, attends: bool = False, rate: float = 4.0) -> FollowFeed:
    """A run as views see it, at most `rate` times a second; `attends`: by somebody who can call a stop off.

    Raises NotFoundError, NotReadableError or DataFileError.
    """
    from trainwatch.replay.follow import open_feed
    from trainwatch.replay.target import Target

    return open_feed(Target(run_dir=run_dir), clock=clock.of_run(run_dir), written=written, attends=attends, rate=rate)


class Front:
    """One run in front of somebody. `shim` gets the SIGTERM that we get; None: the job was not started here."""

    def __init__(
        self,
        run_dir: RunDir,
        run_id: str,
        *,
        terse: bool = False,
        shim: subprocess.Popen[bytes] | None = None,
        grace: float | None = None,
    ) -> None:
        """`terse`: our stdout is the job's log, so little is said and every line is marked. `grace`: see `Preemption`."""
        self._dir = run_dir
        self._id = run_id
        self._mark = "[trainwatch] " if terse else ""
        self._plain = Plain(terse=terse, stops=False)
        self._deeds = Deeds(run_dir)
        self._shim = shim
        self._preemption = Preemption(run_dir, run_id, grace)
        self._terminated: int | None = None
        self._waiter = Waiter(run_dir)
        self._clock = clock.of_run(run_dir)
        self._interrupts = 0
        self._supervised_at = self._clock.monotonic()
        self._warned = False
        self._detached = False

    def screen(self, look: Screen) -> int:
        """The screen in front, the supervisor in the background."""
        from trainwatch.tui.app import run_screen

        feed = feed_of(self._dir, attends=True)
        try:
            code = run_screen(feed, ascii=look.ascii, theme=look.theme, close_after=closing_time(os.environ))
            ended = self._look()
            if ended is None:
                return code
            self._print(ended.text)
            return self._conclude(ended)
        finally:
            self._let_go(feed)

    def lines(self) -> int:
        """Plain lines until the end."""
        self._listen()
        feed = feed_of(self._dir, rate=1.0 / POLL)
        try:
            while (ended := self._look()) is None and not self._detached:
                self._end_asked()
                self._say(feed, self._clock.now() - LAG)
                self._warn()
                self._clock.sleep(POLL)
            if ended is not None:
                self._let_end(feed)
                self._say(feed)
                if ended.state != "stopped":
                    self._print(ended.text)
                return self._conclude(ended)
            self._print(detached_sentence(feed.latest()))
            return 0
        finally:
            self._let_go(feed)

    def _conclude(self, ended: Outcome) -> int:
        """Where the report is, which the supervisor has written before it goes."""
        report = self._dir.report
        until = self._clock.monotonic() + CLOSING
        while not report.exists() and supervised(self._dir) and self._clock.monotonic() < until:
            self._clock.sleep(0.05)
        self._print(f"report {report}" if report.exists() else f"no report was written; the reason is in {self._dir.log}")
        return ended.exit_code

    def _let_end(self, feed: FollowFeed) -> None:
        """Give the feed the time to read the last lines: it knows the state at the end, or has read all and nobody supervises."""
        until = self._clock.monotonic() + 10
        while feed.latest().state not in ENDED and not feed.ended and self._clock.monotonic() < until:
            self._clock.sleep(0.05)

    def _look(self) -> Outcome | None:
        """How the run ended. When not even the shim is left, its own status is the last word."""
        ended = self._waiter.look(self._clock.now())
        if ended is None and self._shim is not None and self._shim.poll() is not None and not self._dir.job.exists():
            return self._waiter.without_files(self._shim.returncode)
        return ended

    def _say(self, feed: FollowFeed, until: float = math.inf) -> None:
        """Print what is new: what the rules said, and what was done about it up to `until`."""
        for line in (*self._plain.lines(feed.latest()), *self._deeds.lines(until)):
            self._print(line)

    def _warn(self) -> None:
        """Say once that nobody supervises, when that lasts."""
        now = self._clock.monotonic()
        if supervised(self._dir):
            self._supervised_at = now
        elif now - self._supervised_at > ALONE and not self._warned:
            self._warned = True
            self._print(f"nobody supervises this run: it is watched, and nothing acts on it; {reason(self._dir)}")

    def _print(self, line: str) -> None:
        """One line; a reader or terminal that went away detaches us and hurts nobody."""
        try:
            print(f"{self._mark}{line}", flush=True)
        except OSError:
            self._detached = True
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  for the rest of our life

    def _listen(self) -> None:
        """SIGTERM is the job's, SIGINT explains and then detaches, SIGHUP detaches."""
        signal.signal(signal.SIGTERM, lambda number, _: self._terminate(number))
        signal.signal(signal.SIGINT, lambda *_: self._interrupted())
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # under nohup it means nothing
            signal.signal(signal.SIGHUP, lambda *_: self._detach())

    def _terminate(self, number: int) -> None:
        """Whoever sends SIGTERM wants an end. A save first, where there is time for one."""
        if self._terminated is None and self._preemption.begin(self._clock.now()):
            self._terminated = number
        else:
            self._pass_on(number)

    def _end_asked(self) -> None:
        """Pass SIGTERM on after all when the save does not come in time."""
        if self._terminated is not None and self._preemption.over(self._clock.now()):
            self._print("not saved in the time that was left: SIGTERM is passed on")
            self._pass_on(self._terminated)

    def _pass_on(self, number: int) -> None:
        """To the shim, which hands it to the launcher."""
        if self._shim is not None:
            with suppress(ProcessLookupError):
                self._shim.send_signal(number)
        else:
            self._detach()

    def _interrupted(self) -> None:
        """The first time nothing happens but a word."""
        self._interrupts += 1
        if self._interrupts > 1:
            self._detach()
        else:
            os.write(2, f"\n{CLEAR.format(id=self._id)}\n".encode())

    def _detach(self) -> None:
        self._detached = True

    def _let_go(self, feed: FollowFeed) -> None:
        """Leave without a word to the job."""
        feed.close()
        if self._shim is not None and self._shim.poll() is None:
            self._shim.returncode = 0  # it outlives us, and nobody here waits for it
