"""`trainwatch demo`: play a recorded run, in seconds."""

from __future__ import annotations

import argparse

SECONDS = 8.0
"""How long the recording takes to play."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "The run is the job of examples/overfit_lm, recorded; nothing is started and nothing is written."
    parser.add_argument("--seconds", type=seconds, default=SECONDS, metavar="N", help=f"how long it takes (default: {SECONDS:.0f})")
    parser.add_argument("--plain", action="store_true", help="plain lines although there is a terminal")


def seconds(text: str) -> float:
    """A positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def run(args: argparse.Namespace) -> int:
    """Play it on a screen where there is one, else as lines; then the run in five sentences."""
    from trainwatch.cli.play import play
    from trainwatch.replay.player import Player
    from trainwatch.replay.recording import demo
    from trainwatch.supervise.clock import SystemClock

    recording = demo()
    play(Player(recording, clock=SystemClock(), speed=recording.seconds / args.seconds), plain=args.plain)
    return 0
