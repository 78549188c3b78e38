"""`trainwatch table 'sweep/*/train.out' --by eval_loss`: a row a run."""

from __future__ import annotations

import argparse
import glob
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_reading, facts_of, formats_of
from trainwatch.model.errors import NotFoundError

if TYPE_CHECKING:
    from trainwatch.model.facts import FactValue
    from trainwatch.report.sweep import Entry

WORTH = 4 << 20
"""Bytes of log from which several processes are faster than one."""

MOST = 8
"""Processes at most: a login node is not ours alone."""


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
    from trainwatch.cli.written import printable
    from trainwatch.report.sweep import sweep, to_csv, to_json, to_text

    found = sweep(_read(_paths(args.patterns), args), args.by)
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


def _read(paths: list[Path], args: argparse.Namespace) -> list[Entry]:
    """Every run; in several processes where that pays. The first is read before they begin: what reading it sets up is theirs too."""
    read = partial(_entry, stated=facts_of(args), formats=formats_of(args))
    runs = [_logs(path) for path in paths]
    workers = min(os.cpu_count() or 1, len(runs), MOST)
    if workers < 2 or sum(log.stat().st_size for run in runs for log in run) < WORTH:
        return list(map(read, paths, runs))
    first = read(paths[0], runs[0])
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return [first, *pool.map(read, paths[1:], runs[1:])]


def _logs(path: Path) -> tuple[Path, ...]:
    """The logs of a run: those of a folder, of a run of ours, or the file itself."""
    from trainwatch.replay.layout import partner
    from trainwatch.sources.readable import is_log
    from trainwatch.sources.target import logs
    from trainwatch.store import openrun, runfile
    from trainwatch.store.rundir import RunDir

    if openrun.is_run(path):
        return tuple(log for source in runfile.load(RunDir(path)).info.sources for log in logs(source))
    found = logs(str(path))
    other = partner(path) if found == (path,) else None
    return (path, other) if other is not None and is_log(other) else found


def _entry(path: Path, logs: tuple[Path, ...], *, stated: dict[str, FactValue], formats: list[str] | None) -> Entry:
    """One run, without rules: a table judges nothing. Says on stderr when there was nothing to read."""
    from trainwatch.cli.summary import nothing_read
    from trainwatch.cli.whole import going_on
    from trainwatch.replay.beside import beside
    from trainwatch.replay.run import fold_files
    from trainwatch.report.sweep import entry
    from trainwatch.rules.preset import load

    snapshot = fold_files(logs, preset=load("off"), stated={**beside(logs), **stated}, formats=formats).snapshot()
    little = nothing_read(snapshot)
    if little:
        print(f"trainwatch: {little}", file=sys.stderr)
    found = entry(going_on(snapshot))
    return replace(found, state=_told(path) or found.state)


def _told(path: Path) -> str:
    """The state of a run of ours, as its supervisor tells it or told it last; empty for a log, and where there is no such word."""
    from trainwatch.store import openrun
    from trainwatch.store.rundir import RunDir
    from trainwatch.supervise import brief

    run = brief.of_run(RunDir(path)) if openrun.is_run(path) else None
    return run.state if run is not None and run.is_current else ""
