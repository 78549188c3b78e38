"""`trainwatch table 'sweep/*/train.out' --by eval_loss`: a row a run."""

from __future__ import annotations

import argparse
import glob
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_reading, facts_of, formats_of
from trainwatch.model.errors import NotFoundError

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot

HELP = "many runs as a table, a row a run"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "Only the configuration that differs between the runs has columns."
    parser.add_argument("patterns", nargs="+", metavar="PATTERN", help="logs or folders; a pattern in quotes is expanded here, ** included")
    parser.add_argument("--by", metavar="METRIC", help="the metric of the value column (default: the one that decides)")
    add_reading(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("-f", "--format", choices=("text", "csv", "json"), default="text", help="text (default), csv or json")
    form.add_argument("--csv", action="store_const", const="csv", dest="format", help="the same as -f csv")


def run(args: argparse.Namespace) -> int:
    """Read every run and print the rows, the best first."""
    from trainwatch.cli.report import printable
    from trainwatch.report.sweep import sweep, to_csv, to_json, to_text

    found = sweep([_read(path, args) for path in _paths(args.patterns)], args.by)
    if args.by and all(row.value is None for row in found.rows):
        print(f"trainwatch: no run evaluates {args.by}", file=sys.stderr)
    write = {"text": to_text, "csv": to_csv, "json": to_json}[args.format]
    print(printable(write(found)), end="")
    return 0


def _paths(patterns: list[str]) -> list[Path]:
    """The logs or folders that the words name, each once, in order. Raises NotFoundError for a word that names none."""
    paths: dict[Path, None] = {}
    for word in patterns:
        found = [word] if Path(word).exists() else sorted(glob.glob(word, recursive=True))  # noqa: PTH207  patterns may be absolute
        if not found:
            raise NotFoundError(f"{word}: no file fits")
        paths.update(dict.fromkeys(map(Path, found)))
    return list(paths)


def _read(path: Path, args: argparse.Namespace) -> Snapshot:
    """One run, without rules: a table judges nothing."""
    from trainwatch.replay.run import fold_files
    from trainwatch.rules.preset import load
    from trainwatch.sources.target import logs

    return fold_files(logs(str(path)), preset=load("off"), stated=facts_of(args), formats=formats_of(args)).snapshot()
