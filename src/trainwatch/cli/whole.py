"""A target read once, to what it holds now: what `report` and `why` have in common."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_alone, add_reading, add_rules, facts_of, formats_of

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot
    from trainwatch.replay.target import Target
    from trainwatch.report.compose import Report
    from trainwatch.store.rundir import RunDir


DEFAULT = "default"
"""The preset that a run of ours replaces by its own."""

WIDE = "full"
"""The preset of the findings."""

PIPE = "-"


def add_target(parser: argparse.ArgumentParser) -> None:
    """TARGET, and how it is read and judged."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)


def snapshot_of(args: argparse.Namespace) -> Snapshot:
    """The run as it stands, from all that is there now. Says on stderr when that is nothing."""
    snapshot = _snapshot(_target(args.target, args), args)
    if not snapshot.bytes_read:
        print(f"trainwatch: {', '.join(snapshot.run.sources)}: the log is empty", file=sys.stderr)
    elif not snapshot.records:
        print(f"trainwatch: {', '.join(snapshot.run.sources)}: no metric found in {snapshot.bytes_read:,} bytes", file=sys.stderr)
    return snapshot


def report_of(args: argparse.Namespace, *, wide: bool = True) -> Report:
    """The report of the target, the disk looked at: judged by its own rules, and if `wide` beside them by every rule there is."""
    from trainwatch.cli.ondisk import looked_at
    from trainwatch.report.compose import compose

    snapshot = looked_at(snapshot_of(args))
    if not wide or args.target == [PIPE] or not snapshot.records:
        return compose(snapshot)
    return compose(snapshot, _judged(_target(args.target, args, say=False), args, WIDE))


def run_of(word: str, args: argparse.Namespace) -> Snapshot:
    """One run among several."""
    return _snapshot(_target([word], args), args)


def run_now(run_dir: RunDir) -> Snapshot:
    """A run of ours as it stands, its logs included where nobody supervises it."""
    from trainwatch.replay.target import Target

    return _of_run(Target(run_dir=run_dir))


def _target(words: list[str], args: argparse.Namespace, *, say: bool = True) -> Target:
    """What the words name; what was found is told where they do not say it."""
    from trainwatch.replay.target import resolve

    target = resolve(words, os.environ, alone=args.alone)
    if say and target.found:
        print(f"trainwatch: {target.found}", file=sys.stderr)
    return target


def _snapshot(target: Target, args: argparse.Namespace) -> Snapshot:
    """The run, judged by its own rules or those that the words name."""
    if target.run_dir is None:
        return _judged(target, args, args.rules)
    if args.rules == DEFAULT and not args.fact and not args.formats:
        return _of_run(target)
    new = _judged(target, args, args.rules if args.rules != DEFAULT else _preset(target.run_dir))
    return replace(_of_run(target), events=new.events, alerts=new.alerts, rules=new.rules, phases=new.phases)


def _preset(run_dir: RunDir) -> str:
    """The rules that a run was begun with."""
    from trainwatch.store import runfile

    return runfile.load(run_dir).preset


def _judged(target: Target, args: argparse.Namespace, rules: str) -> Snapshot:
    """What the inputs alone say, with these rules."""
    from trainwatch.replay.whole import fold_target
    from trainwatch.rules.preset import load

    return fold_target(target, preset=load(rules), stated=facts_of(args), formats=formats_of(args)).snapshot()


def _of_run(target: Target) -> Snapshot:
    """A run of ours: its directory holds preset, arrivals and how it ended."""
    from trainwatch.replay.watch import Reading, Watch
    from trainwatch.supervise.clock import SystemClock
    from trainwatch.supervise.discover import writers

    now = SystemClock().now()
    watch = Watch(target, now=now, reading=Reading(), written=lambda logs: bool(writers(logs)), restart=0.0)
    while watch.poll(now):
        pass
    snapshot = watch.snapshot(now)
    watch.close()
    return snapshot
