"""`trainwatch cancel RUN`: call off a save or stop that is under way."""

from __future__ import annotations

import argparse

from trainwatch.cli.people import add_target, add_waiting, ask, run_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Works until SIGTERM is sent. Ranks that hold go on. Ends 0 when something was called off, 84 when there was nothing."
    add_target(parser)
    add_waiting(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, and wait for the answer."""
    return ask(run_of(args.run), "cancel", args)
