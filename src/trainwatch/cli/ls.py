"""`trainwatch ls`: the runs known here."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="also runs beside the logs in this folder")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """One line a run, the newest first."""
    from trainwatch.cli.status import current
    from trainwatch.store.openrun import known, refused

    here = args.folder.absolute()
    for error in refused(os.environ, here).values():
        print(f"trainwatch: {error}", file=sys.stderr)
    found = [current(run_dir) for run_dir, _ in known(os.environ, here)]
    for one in found:
        print(json.dumps(one.to_json(), ensure_ascii=False) if args.json else one.line())
    if not found:
        print("trainwatch: no runs here; `trainwatch launch -- COMMAND` starts one", file=sys.stderr)
    return 0
