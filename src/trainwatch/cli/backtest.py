"""`trainwatch backtest FILES`: what a preset would have done on finished logs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from trainwatch.cli.options import add_reading, add_rules, facts_of, formats_of

HELP = "what a preset would have done on finished logs"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or a file of `export` lines; each is a run of its own")
    add_rules(parser)
    add_reading(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    """Fold every file and print what would have stopped it."""
    from trainwatch.replay.backtest import backtest
    from trainwatch.rules.preset import load
    from trainwatch.sources.target import logs

    preset, stated, formats = load(args.rules), facts_of(args), formats_of(args)
    paths = [path for word in args.files for path in logs(word)]
    found = [backtest(path, preset=preset, stated=stated, formats=formats) for path in paths]
    for entry in found:
        if not entry["evals"] and not entry["events"]:
            print(f"trainwatch: {entry['file']}: no evaluation in it, and nothing to judge", file=sys.stderr)
    if args.format == "json":
        json.dump(found, sys.stdout, indent=1, allow_nan=False)
        print()
        return 0
    for entry in found:
        print(_line(entry))
        for event in entry["events"]:
            print(_event(event))
    stopped = sum(1 for entry in found if entry["stop"] is not None)
    print(f"{len(found)} files, preset {preset.name}: {stopped} would have been stopped", file=sys.stderr)
    return 0


def _line(entry: dict[str, Any]) -> str:
    """A history in a line."""
    from trainwatch.present.clean import clean
    from trainwatch.present.numbers import number, step

    best, stop = entry["best"], entry["stop"]
    what = f"best {number(best['value'])} @{step(best['step'])} of {entry['evals']} evaluations" if best else "no evaluation"
    end = f"stopped at step {step(stop['step'])} by {stop['rule']} ({stop['severity']})" if stop else "not stopped"
    return clean(f"{entry['file']}: {what}; {end}")


def _event(event: dict[str, Any]) -> str:
    """An event in a line."""
    from trainwatch.present.clean import clean
    from trainwatch.present.numbers import step

    withdrawn = "withdrawn " if event["verdict"] == "withdrawn" else ""
    return clean(f"  step {step(event['step'])}  {withdrawn}{event['severity']} {event['rule']}: {event['why']}")
