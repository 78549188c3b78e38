"""`trainwatch check TARGET`: judge a log once; the exit code tells."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from trainwatch.cli.options import add_alone, add_reading, add_rules, facts_of, formats_of

if TYPE_CHECKING:
    from trainwatch.model.snapshot import Snapshot

CODES = {"yellow": 10, "orange": 11, "red": 12, "black": 12}
BLIND = 13


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    add_rules(parser)
    add_reading(parser)
    add_alone(parser)
    parser.add_argument("--strict", action="store_true", help=f"end with {BLIND} when a rule cannot see")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="text (default) or json")
    parser.epilog = (
        f"Ends 0 when no rule holds, else with the worst that does at the end of the log: {CODES['yellow']} yellow, {CODES['orange']} orange, "
        f"{CODES['red']} red or black; with --strict {BLIND} when none holds and one cannot see."
    )


def run(args: argparse.Namespace) -> int:
    """Fold the target and say what holds at its end: 0 nothing, 10 yellow, 11 orange, 12 red or black, 13 blind with --strict."""
    from trainwatch.replay.target import resolve
    from trainwatch.replay.whole import fold_target
    from trainwatch.rules.preset import load

    preset = load(args.rules)
    target = resolve(args.target, os.environ, alone=args.alone)
    snapshot = fold_target(target, preset=preset, stated=facts_of(args), formats=formats_of(args)).snapshot()
    if args.format == "json":
        json.dump(_document(snapshot, preset.name), sys.stdout, indent=1, allow_nan=False)
        print()
    else:
        _print(snapshot)
    if not snapshot.records:
        print(f"trainwatch: {_nothing(snapshot)}", file=sys.stderr)
    return code(snapshot, strict=args.strict)


def code(snapshot: Snapshot, *, strict: bool) -> int:
    """The exit code."""
    if snapshot.alerts:
        return CODES[snapshot.alerts[0].severity.word]
    return BLIND if strict and any(r.verdict.outcome == "blind" for r in snapshot.rules) else 0


def _print(snapshot: Snapshot) -> None:
    """The alerts as lines on stdout; what else there is to say on stderr."""
    from trainwatch.present.sentences import alert_sentence, blind_rules, quiet_sentence

    for alert in snapshot.alerts:
        print(f"{alert.severity.word} {alert_sentence(alert)}")
    if not snapshot.alerts:
        print(f"trainwatch: {quiet_sentence(snapshot.rules)}", file=sys.stderr)
    for rule in blind_rules(snapshot.rules):
        print(f"trainwatch: {rule.rule} is blind: it needs {rule.needs}", file=sys.stderr)


def _nothing(snapshot: Snapshot) -> str:
    """Why there is nothing to judge."""
    names = ", ".join(snapshot.run.sources)
    if not snapshot.bytes_read:
        return f"{names}: the log is empty"
    return f"{names}: no metric found in {snapshot.bytes_read:,} bytes; `trainwatch formats list` shows what is looked for"


def _document(snapshot: Snapshot, preset: str) -> dict[str, object]:
    """The verdicts as JSON."""
    return {
        "run": snapshot.run.name,
        "preset": preset,
        "records": snapshot.records,
        "severity": snapshot.alerts[0].severity.word if snapshot.alerts else None,
        "alerts": [
            {"rule": a.rule, "severity": a.severity.word, "since_step": a.since_step, "step": a.step, "why": a.why, "change": a.change}
            for a in snapshot.alerts
        ],
        "rules": [{"rule": r.rule, "kind": r.kind, "verdict": r.verdict.outcome, "why": r.verdict.why} for r in snapshot.rules],
        "blind": [{"rule": r.rule, "needs": r.needs} for r in snapshot.rules if r.verdict.outcome == "blind"],
    }
