"""`trainwatch status TARGET`: where a run stands, once."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_alone, add_reading, add_rules, check_own

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot
    from trainwatch.store.rundir import RunDir
    from trainwatch.supervise.brief import Brief


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("target", nargs="*", metavar="TARGET", help="a run, or logs (default: the only run that goes on)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)


def run(args: argparse.Namespace) -> int:
    """Say it in a fixed order."""
    found = _brief(args)
    if args.json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        print("\n".join(found.lines()))
    return 0


def _brief(args: argparse.Namespace) -> Brief:
    """From the run directory, or from the log itself."""
    from trainwatch.cli.people import run_of
    from trainwatch.replay.target import resolve
    from trainwatch.supervise import brief

    target = resolve(args.target, os.environ, alone=args.alone) if args.target else None
    run_dir = run_of(None) if target is None else target.run_dir
    if run_dir is not None:
        check_own(run_dir.path.name, args)
        return current(run_dir)
    from trainwatch.cli.whole import snapshot_of

    return brief.of_snapshot(_limited(snapshot_of(args), args.target))


def _limited(snapshot: Snapshot, words: list[str]) -> Snapshot:
    """With the time that a Slurm job still has."""
    from trainwatch.sources.target import SLURM
    from trainwatch.supervise import slurm
    from trainwatch.supervise.clock import SystemClock

    told = slurm.show(next((word.removeprefix(SLURM) for word in words if word.startswith(SLURM)), ""))
    end = None if told is None or told.over else told.ends_at
    return snapshot if end is None else replace(snapshot, time_left=end - SystemClock().now())


def current(run_dir: RunDir) -> Brief:
    """From the small files of a run; from its logs too where nobody supervised them to their end. Raises NotReadableError."""
    from trainwatch.cli.whole import run_now
    from trainwatch.supervise import brief

    found = brief.of_run(run_dir)
    return found if found.is_current else brief.of_snapshot(run_now(run_dir))
