"""`trainwatch demo`: play a recorded run, in seconds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainwatch.replay.player import Player

HELP = "play a recorded run, in seconds"

SECONDS = 8.0
"""How long the recording takes to play."""

POLL = 0.1


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
    from trainwatch.cli.front import has_screen
    from trainwatch.replay.player import Player
    from trainwatch.replay.recording import demo
    from trainwatch.supervise.clock import SystemClock

    recording = demo()
    player = Player(recording, clock=SystemClock(), speed=recording.seconds / args.seconds)
    if has_screen(plain=args.plain):
        _screen(player)
    else:
        _lines(player)
    _summary(player)
    return 0


def _screen(player: Player) -> None:
    """The screen, until it is left."""
    from trainwatch.tui.app import run_screen

    player.start()
    run_screen(player)
    player.close()


def _lines(player: Player) -> None:
    """A line for each thing that happens."""
    from trainwatch.cli.plain import Plain
    from trainwatch.supervise.clock import SystemClock

    plain, clock = Plain(), SystemClock()
    while not player.ended:
        player.step()
        for line in plain.lines(player.latest()):
            print(line, flush=True)
        clock.sleep(POLL)


def _summary(player: Player) -> None:
    """The run in five sentences, as far as it was played."""
    from trainwatch.report.compose import compose
    from trainwatch.report.summary import sentences

    print()
    for sentence in sentences(compose(player.latest())):
        print(sentence)
