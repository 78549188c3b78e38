"""A target read once, to what it holds now: what `report` and `why` have in common."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_reading, add_rules, facts_of, formats_of

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot
    from trainwatch.replay.target import Target


DEFAULT = "default"
"""The preset that a run of ours replaces by its own."""


def add_target(parser: argparse.ArgumentParser) -> None:
    """TARGET, and how it is read and judged."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    add_rules(parser)
    add_reading(parser)


def snapshot_of(args: argparse.Namespace) -> Snapshot:
    """The run as it stands, from all that is there now. Says on stderr when that is nothing."""
    from trainwatch.replay.target import resolve

    target = resolve(args.target, os.environ)
    if target.found:
        print(f"trainwatch: {target.found}", file=sys.stderr)
    if target.run_dir is None:
        snapshot = _judged(target, args)
    elif args.rules == DEFAULT:
        snapshot = _of_run(target)
    else:
        new = _judged(target, args)
        snapshot = replace(_of_run(target), events=new.events, alerts=new.alerts, rules=new.rules, phases=new.phases)
    if not snapshot.bytes_read:
        print(f"trainwatch: {', '.join(snapshot.run.sources)}: the log is empty", file=sys.stderr)
    elif not snapshot.records:
        print(f"trainwatch: {', '.join(snapshot.run.sources)}: no metric found in {snapshot.bytes_read:,} bytes", file=sys.stderr)
    return snapshot


def _judged(target: Target, args: argparse.Namespace) -> Snapshot:
    """What the inputs alone say, with the rules that the words name."""
    from trainwatch.replay.whole import fold_target
    from trainwatch.rules.preset import load

    return fold_target(target, preset=load(args.rules), stated=facts_of(args), formats=formats_of(args)).snapshot()


def _of_run(target: Target) -> Snapshot:
    """A run of ours: its directory holds preset, arrivals and how it ended."""
    from trainwatch.replay.watch import Reading, Watch
    from trainwatch.supervise.clock import SystemClock
    from trainwatch.supervise.discover import writers

    now = SystemClock().now()
    watch = Watch(target, now=now, reading=Reading(), written=lambda logs: bool(writers(logs)))
    while watch.poll(now):
        pass
    snapshot = watch.snapshot(now)
    watch.close()
    return snapshot
