"""`trainwatch compare A B …`: several runs beside each other."""

from __future__ import annotations

import argparse
import sys

from trainwatch.cli.options import add_alone, add_reading, add_rules
from trainwatch.cli.written import add_output, form_of, hand_over
from trainwatch.model.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "The first run is the reference: what the others did is told as a difference to it."
    parser.add_argument("target", nargs="+", metavar="TARGET", help="a log, a folder, a run; each is a run of its own")
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)
    add_output(parser)


def run(args: argparse.Namespace) -> int:
    """Read every run and print what differs."""
    from trainwatch.cli.whole import run_of
    from trainwatch.report.compare import compare
    from trainwatch.report.compared import to_html, to_json, to_markdown
    from trainwatch.report.compose import compose

    if len(args.target) < 2:
        raise UsageError("compare needs at least two runs: trainwatch compare a.out b.out")
    form = form_of(args)
    found = compare([compose(run_of(word, args)) for word in args.target])
    for name in found.silent:
        print(f"trainwatch: {name}: no metric found in it", file=sys.stderr)
    hand_over({"md": to_markdown, "html": to_html, "json": to_json}[form](found), args.output, "comparison")
    return 0
