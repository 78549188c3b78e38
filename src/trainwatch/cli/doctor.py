"""`trainwatch doctor`: what this machine lets trainwatch do, and how to mend what is missing."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

MARKS = {"ok": "ok", "less": "less", "no": "NO"}
"""How each outcome is printed: it works, something is done without, trainwatch cannot do its work."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Nothing is started or left behind. The exit code is 1 when something that is needed does not work."
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="where the logs lie (default: here)")
    parser.add_argument("--json", action="store_true", help="one JSON object: a list of findings")


def run(args: argparse.Namespace) -> int:
    """A line for each thing that was looked at, with the fix where there is one."""
    from trainwatch.cli.examine import examine
    from trainwatch.cli.written import printable

    findings = examine(args.folder.absolute(), os.environ)
    if args.json:
        print(json.dumps({"v": 1, "findings": [finding.to_json() for finding in findings]}, ensure_ascii=False))
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            print(printable(f"{MARKS[finding.outcome]:4}  {finding.name:{width}}  {finding.text}"))
            if finding.fix:
                print(printable(f"{'':6}{'':{width}}  fix: {finding.fix}"))
    return int(any(finding.outcome == "no" for finding in findings))
