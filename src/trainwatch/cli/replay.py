"""`trainwatch replay TARGET`: play a finished run with its decisions."""

from __future__ import annotations

import argparse
import os
import sys

from trainwatch.cli.options import add_alone, add_reading, facts_of, formats_of

SECONDS = 30.0
"""How long it takes without --speed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = (
        "A run of trainwatch is played as it arrived, its stop included. A bare log is played at an even pace. Nothing is asked of any job."
    )
    parser.add_argument("target", nargs="+", metavar="TARGET", help="a run, log files (several are one run), a folder")
    parser.add_argument(
        "--speed", type=speed, metavar="60x", help=f"seconds of the run in a second (default: all of it in {SECONDS:.0f} s)"
    )
    parser.add_argument("--plain", action="store_true", help="plain lines although there is a terminal")
    parser.add_argument("--rules", metavar="PRESET|FILE", help="the rules (default: the run's own, for a log: default)")
    add_reading(parser)
    add_alone(parser)


def speed(text: str) -> float:
    """A positive number, with or without the x."""
    try:
        value = float(text.removesuffix("x"))
    except ValueError:
        value = -1.0
    if not 0 < value < 1e12:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed, such as 60x")
    return value


def run(args: argparse.Namespace) -> int:
    """Play it on a screen where there is one, else as lines; then the run in five sentences."""
    from trainwatch.cli.play import play
    from trainwatch.replay.player import Player
    from trainwatch.replay.record import record
    from trainwatch.replay.target import resolve
    from trainwatch.supervise.clock import SystemClock

    target = resolve(args.target, os.environ, alone=args.alone)
    if target.found:
        print(f"trainwatch: {target.found}", file=sys.stderr)
    recording = record(target, rules=args.rules, stated=facts_of(args), formats=formats_of(args))
    fast = args.speed if args.speed is not None else max(recording.seconds / SECONDS, 1.0)
    play(Player(recording, clock=SystemClock(), speed=fast), plain=args.plain)
    return 0
