"""`trainwatch wait RUN`: wait for a run to end, and end with its code."""

from __future__ import annotations

import argparse
import sys

from trainwatch.cli.people import INTERRUPTED, add_target, run_of

POLL = 0.25


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Ends with the run's code; with 84 or 86 as soon as a save or stop fails or is stuck while it waits."
    add_target(parser)
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="give up after this long, with 124")


def run(args: argparse.Namespace) -> int:
    """Look until there is an end."""
    from trainwatch.supervise import clock as clocks
    from trainwatch.supervise.outcome import Waiter

    run_dir = run_of(args.run)
    clock = clocks.of_run(run_dir)
    waiter, since = Waiter(run_dir), clock.now()
    until = clock.monotonic() + args.timeout if args.timeout is not None else float("inf")
    try:
        while (ended := waiter.look(clock.now()) or waiter.failure(since)) is None:
            if clock.monotonic() > until:
                print("trainwatch: the run still goes on", file=sys.stderr)
                return 124
            clock.sleep(POLL)
    except KeyboardInterrupt:
        return INTERRUPTED
    print(ended.text)
    return ended.exit_code
