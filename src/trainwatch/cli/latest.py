"""`trainwatch latest DIR`: the newest proven checkpoint, for use in scripts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trainwatch.model.errors import NotFoundError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Exit code 3: there is none. Newer ones that are not complete are named on stderr."
    parser.add_argument("directory", type=Path, metavar="DIR", help="the output folder of a training, or one checkpoint")
    parser.add_argument("--ranks", type=_ranks, metavar="N", help="ranks that save; finds out when the last rank's file is missing")


def run(args: argparse.Namespace) -> int:
    """Print the path of the newest checkpoint whose structure is whole. Raises NotFoundError when there is none."""
    from trainwatch.checkpoints.find import find
    from trainwatch.checkpoints.prove import prove
    from trainwatch.present.clean import clean

    if not args.directory.exists():
        raise NotFoundError(f"{args.directory}: no such folder")
    found = find(args.directory)
    for path in reversed(found):
        seen = prove(path, world_size=args.ranks)
        if seen.complete:
            print(path)
            return 0
        print(f"trainwatch: {clean(str(path))}: not complete: {clean(seen.why)}", file=sys.stderr)
    what = "no checkpoint below it" if not found else f"none of {len(found)} checkpoints is complete"
    raise NotFoundError(f"{args.directory}: {what}")


def _ranks(text: str) -> int:
    """A count of processes."""
    if not text.isdecimal() or not 0 < int(text) < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of ranks")
    return int(text)
