"""A target read once, to what it holds now: what `report` and `why` have in common."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_alone, add_reading, add_rules, facts_of, formats_of

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot
    from trainwatch.replay.target import Target
    from trainwatch.report.compose import Report
    from trainwatch.rules.preset import Preset
    from trainwatch.store.rundir import RunDir


DEFAULT = "default"
"""The preset that a run of ours replaces by its own."""

WIDE = "full"
"""The preset of the findings."""


def add_target(parser: argparse.ArgumentParser) -> None:
    """TARGET, and how it is read and judged."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)


def snapshot_of(args: argparse.Namespace) -> Snapshot:
    """The run as it stands, from all that is there now. Says on stderr when that is nothing."""
    return _told(_snapshot(_target(args.target, args), args))


def _told(snapshot: Snapshot) -> Snapshot:
    """The same; says on stderr when nothing was read."""
    from trainwatch.cli.summary import nothing_read

    little = nothing_read(snapshot)
    if little:
        print(f"trainwatch: {little}", file=sys.stderr)
    return snapshot


def report_of(args: argparse.Namespace) -> Report:
    """The report of the target, the disk looked at: judged by its own rules, and beside them by every rule there is."""
    from trainwatch.cli.ondisk import looked_at
    from trainwatch.report.compose import compose

    own, beside = _both(_target(args.target, args), args)
    snapshot = looked_at(_told(own))
    return compose(snapshot, beside if snapshot.records else None)


def run_of(word: str, args: argparse.Namespace) -> Snapshot:
    """One run among several."""
    return _snapshot(_target([word], args), args)


def run_now(run_dir: RunDir, *, ended: bool = False) -> Snapshot:
    """A run of ours as it stands, its logs included where nobody supervises it. `ended`: nobody writes them any more, as is known."""
    from trainwatch.replay.target import Target

    return _of_run(Target(run_dir=run_dir), ended=ended)


def _target(words: list[str], args: argparse.Namespace) -> Target:
    """What the words name; what was found is told where they do not say it."""
    from trainwatch.replay.target import resolve

    target = resolve(words, os.environ, alone=args.alone)
    if target.found:
        print(f"trainwatch: {target.found}", file=sys.stderr)
    return target


def _snapshot(target: Target, args: argparse.Namespace) -> Snapshot:
    """The run, judged by its own rules or those that the words name."""
    from trainwatch.rules.preset import load

    if target.run_dir is None:
        return _judged(target, args, load(args.rules))
    if _is_asked_as_it_was(args):
        return _of_run(target)
    return _anew(_of_run(target), _judged(target, args, load(_rules(target, args))))


def _both(target: Target, args: argparse.Namespace) -> tuple[Snapshot, Snapshot]:
    """(the run, what rules that are not its own find in it): the logs are read once for both."""
    from trainwatch.rules.preset import load, widened

    own = load(_rules(target, args))
    names = {rule.name for rule in own.rules}
    as_it_was = target.run_dir is not None and _is_asked_as_it_was(args)
    every = _of_run(target, beside=WIDE) if as_it_was else _judged(target, args, widened(own, load(WIDE)))
    mine, beside = (_only(every, names, inside=inside) for inside in (True, False))
    return mine if target.run_dir is None or as_it_was else _anew(_of_run(target), mine), beside


def _is_asked_as_it_was(args: argparse.Namespace) -> bool:
    """Whether a run of ours is asked for as it was begun, and not with other rules, facts or formats."""
    return args.rules == DEFAULT and not args.fact and not args.formats


def _only(snapshot: Snapshot, names: Collection[str], *, inside: bool) -> Snapshot:
    """What the rules of these names say, or all the others."""
    events = tuple(e for e in snapshot.events if (e.rule in names) is inside)
    alerts = tuple(a for a in snapshot.alerts if (a.rule in names) is inside)
    return replace(snapshot, events=events, alerts=alerts, rules=tuple(r for r in snapshot.rules if (r.rule in names) is inside))


def _anew(run: Snapshot, judged: Snapshot) -> Snapshot:
    """A run of ours as other rules judge it."""
    return replace(run, events=judged.events, alerts=judged.alerts, rules=judged.rules, phases=judged.phases)


def _rules(target: Target, args: argparse.Namespace) -> str:
    """The rules that the words name, else those that a run was begun with."""
    from trainwatch.store import runfile

    return args.rules if target.run_dir is None or args.rules != DEFAULT else runfile.load(target.run_dir).preset


def _judged(target: Target, args: argparse.Namespace, preset: Preset) -> Snapshot:
    """What the inputs alone say, with these rules."""
    from trainwatch.replay.whole import fold_target

    return going_on(fold_target(target, preset=preset, stated=facts_of(args), formats=formats_of(args)).snapshot(), target.pids)


def going_on(snapshot: Snapshot, pids: Sequence[int] = ()) -> Snapshot:
    """The snapshot of logs; running where a process of this machine still has a log open for writing, or one of `pids` lives.

    The end of the log is then only where we stopped to read.
    """
    from pathlib import Path

    from trainwatch.supervise.discover import outlived_by

    goes_on = snapshot.state == "done" and outlived_by(pids)([Path(source) for source in snapshot.run.sources])
    return replace(snapshot, state="running") if goes_on else snapshot


def _of_run(target: Target, *, beside: str = "", ended: bool = False) -> Snapshot:
    """A run of ours: its directory holds preset, arrivals and how it ended. The rules of a preset `beside` are judged with its own."""
    from trainwatch.replay.watch import Reading, Watch
    from trainwatch.supervise.clock import SystemClock
    from trainwatch.supervise.discover import writers

    now = SystemClock().now()
    watch = Watch(target, now=now, reading=Reading(beside=beside), written=lambda logs: not ended and bool(writers(logs)), restart=0.0)
    while watch.poll(now):
        pass
    snapshot = watch.snapshot(now)
    watch.close()
    return snapshot
