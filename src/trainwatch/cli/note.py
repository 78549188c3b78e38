"""`trainwatch note RUN TEXT`: a new data mix, another learning rate: what was before is no measure of what comes."""

from __future__ import annotations

import argparse

from trainwatch.cli.people import ask, run_of
from trainwatch.model.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = (
        "Rules that judge how training goes begin anew, and so does the best evaluation; those that judge the job and its configuration go "
        "on. The note stands in the journal and in the report; replay and report judge as the live run did. A log that nobody writes, and a "
        "run that has ended, take no note. Ends 0 when it was noted."
    )
    parser.add_argument("run", metavar="RUN", help="a run's id, name, directory or log")
    parser.add_argument("reason", metavar="TEXT", help="what is new, in a few words")
    parser.add_argument("--no-wait", action="store_true", help="return once the request is left")


def run(args: argparse.Namespace) -> int:
    """Leave the note, and wait until it is taken in. Raises UsageError for one without words."""
    args.reason = " ".join(args.reason.split())
    if not args.reason:
        raise UsageError('a note needs a text: trainwatch note RUN "new data mix"')
    return ask(run_of(args.run), "note", args)
