"""`trainwatch attach TARGET…`: watch what already runs, or has run."""

from __future__ import annotations

import argparse
import math
import os
import signal
import sys
from typing import TYPE_CHECKING

from trainwatch.cli.broken import broken
from trainwatch.cli.options import add_alone, add_reading, add_rules, check_own, facts_of, formats_of
from trainwatch.cli.people import add_any_user
from trainwatch.cli.trust import add_trust

if TYPE_CHECKING:
    from trainwatch.replay.follow import FollowFeed
    from trainwatch.replay.target import Target

PLAIN_PATIENCE = 3.0
"""Seconds that plain lines wait for more of a log that nobody writes."""

SCREEN_RATE = 2.0
PLAIN_RATE = 1.0
"""Snapshots a second."""

LOOK = 0.1
"""Seconds between looks at what the feed has to tell."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Leaving (q, ctrl-c) never stops training. Without --may nothing is asked of the job and nothing is left behind."
    parser.add_argument(
        "target", nargs="*", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, - (default: a list)"
    )
    parser.add_argument("--plain", action="store_true", help="plain lines although there is a terminal")
    parser.add_argument("--follow", action="store_true", help="wait for more although nobody writes the log")
    parser.add_argument("--read-only", action="store_true", help="ask nothing of the run, whatever is pressed")
    parser.add_argument("--ascii", action="store_true", default=None, help="draw with ASCII only")
    parser.add_argument("--theme", default="default", help="the colours of the screen")
    add_trust(parser)
    add_any_user(parser)
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)


def run(args: argparse.Namespace) -> int:
    """Watch until it ends or somebody leaves."""
    from trainwatch.cli.front import has_screen
    from trainwatch.replay.target import resolve

    if not args.target:
        return _nothing_named()
    target = resolve(args.target, os.environ, alone=args.alone)
    _say(target.found)
    if target.run_dir is not None:
        check_own(target.name, args)
    screen = has_screen(plain=args.plain)
    if any(word != "watch" for word in args.may):
        target = _supervised(target, args)
    feed = _feed(target, args, screen=screen)
    try:
        return _screen(feed, args) if screen else _lines(feed, target)
    finally:
        feed.close()


def _feed(target: Target, args: argparse.Namespace, *, screen: bool) -> FollowFeed:
    """The target as views see it."""
    from trainwatch.replay.follow import open_feed
    from trainwatch.replay.logs import PATIENCE
    from trainwatch.replay.watch import Reading
    from trainwatch.sources.gpu import Nvml
    from trainwatch.sources.target import SLURM
    from trainwatch.supervise import clock, slurm
    from trainwatch.supervise.discover import outlived_by

    reading = Reading(args.rules, facts_of(args), formats_of(args))
    return open_feed(
        target,
        clock=clock.SystemClock() if target.run_dir is None else clock.of_run(target.run_dir),
        written=outlived_by(target.pids),
        look=Nvml().sample,
        reading=reading,
        patience=math.inf if args.follow else PATIENCE if screen else PLAIN_PATIENCE,
        rate=SCREEN_RATE if screen else PLAIN_RATE,
        read_only=args.read_only,
        attends=screen,
        ends_at=slurm.Ending(next((word.removeprefix(SLURM) for word in args.target if word.startswith(SLURM)), "")),
    )


def _supervised(target: Target, args: argparse.Namespace) -> Target:
    """The run of a supervisor that is started for the target, or that has it already."""
    from trainwatch.cli.supervisor import supervise

    started = supervise(target, args)
    for line in started.lines:
        _say(line)
    return started.target


def _screen(feed: FollowFeed, args: argparse.Namespace) -> int:
    """The screen, until it is left."""
    from trainwatch.tui.app import run_screen

    return run_screen(feed, ascii=args.ascii, theme=args.theme)


def _lines(feed: FollowFeed, target: Target) -> int:
    """What has been so far, then a line for each thing that happens, until nothing more will."""
    from trainwatch.cli.plain import Plain
    from trainwatch.cli.summary import nothing_read, outcome, so_far
    from trainwatch.present.sentences import detached_sentence
    from trainwatch.supervise.clock import SystemClock

    plain, pause, left = Plain(), SystemClock().sleep, _interrupts()
    while feed.latest().preview and not left:
        pause(LOOK)
    seen = feed.latest()
    plain.lines(seen)
    _print(so_far(seen))
    while not feed.ended and not left:
        pause(LOOK)
        _print(plain.lines(feed.latest()))
    if left:
        _say(detached_sentence(feed.latest()))
        return 130
    _print([*plain.lines(feed.latest()), *outcome(feed.latest(), watched=target.run_dir is None)])
    _say(nothing_read(feed.latest()))
    return 0


def _interrupts() -> list[int]:
    """The first SIGINT, once it has come. The second ends us anyhow.

    It is not raised: an exception between two instructions can leave a lock behind that the feed's thread then waits for.
    """
    come: list[int] = []

    def note(number: int, _frame: object) -> None:
        come.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, note)
    return come


def _nothing_named() -> int:
    """Without a target: what could be one."""
    from trainwatch.cli.nearby import nearby

    _print(nearby(os.environ))
    return 0


def _print(lines: list[str]) -> None:
    """Data, for whoever reads it now."""
    for line in lines:
        print(line, flush=True)


def _say(text: str) -> None:
    """A word beside the data; none when there is nothing to say."""
    if text:
        print(broken(f"trainwatch: {text}", sys.stderr), file=sys.stderr)
