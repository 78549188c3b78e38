"""Playing a recording: on a screen where there is one, else as lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainwatch.replay.player import Player

POLL = 0.1
"""Seconds between looks at what has been played."""


def play(player: Player, *, plain: bool) -> None:
    """Play it, then print the run in five sentences, as far as it was played."""
    from trainwatch.cli.front import has_screen

    if has_screen(plain=plain):
        _screen(player)
    else:
        _lines(player)
    _summary(player)


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
    """The run in five sentences; why that is little, beside them."""
    from trainwatch.cli.summary import nothing_read
    from trainwatch.present.clean import clean
    from trainwatch.report.compose import compose
    from trainwatch.report.summary import sentences

    print()
    for sentence in sentences(compose(player.latest())):
        print(clean(sentence))
    little = nothing_read(player.latest())
    if little:
        print(f"trainwatch: {little}", file=sys.stderr)
