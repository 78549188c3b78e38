"""`trainwatch save RUN`: have the job save a checkpoint now, and prove it."""

from __future__ import annotations

import argparse

from trainwatch.cli.people import add_any_user, add_target, add_waiting, ask, run_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Ends 0 when the checkpoint is proven, 84 when it could not be saved or proven. The job goes on either way."
    add_target(parser)
    add_any_user(parser)
    add_waiting(parser)


def run(args: argparse.Namespace) -> int:
    """Ask, and wait for the proof."""
    return ask(run_of(args.run, any_user=args.any_user), "save", args)
