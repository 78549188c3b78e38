"""`trainwatch backtest FILES`: what rule sets would have done on finished logs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainwatch.cli.options import add_reading, facts_of, formats_of

if TYPE_CHECKING:
    from trainwatch.report.score import Score
    from trainwatch.rules.preset import Preset

    Judged = list[tuple[dict[str, Any], Score]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.epilog = "With several --rules each gets a row, and each file a column of each. Judged are files with evaluations; the delay is evaluations after the best."
    parser.add_argument("files", nargs="+", metavar="FILE", help="a log, or a file of `export` lines; each is a run of its own")
    parser.add_argument("--rules", metavar="PRESET|FILE", action="append", default=[], help="rules; may be given again (default: default)")
    add_reading(parser)
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="text (default) or json")


def run(args: argparse.Namespace) -> int:
    """Fold every file with every preset and print what would have stopped it."""
    from trainwatch.rules.preset import load
    from trainwatch.sources.target import logs

    presets = [(name, load(name)) for name in dict.fromkeys(args.rules or ["default"])]
    paths = [path for word in args.files for path in logs(word)]
    found = {name: [_judge(path, preset, args) for path in paths] for name, preset in presets}
    for entry, _ in next(iter(found.values())):
        if not entry["evals"] and not entry["events"]:
            print(f"trainwatch: {entry['file']}: no evaluation in it, and nothing to judge", file=sys.stderr)
    if args.format == "json":
        json.dump(_document(found), sys.stdout, indent=1, allow_nan=False)
        print()
    else:
        _print(found)
    return 0


def _judge(path: Path, preset: Preset, args: argparse.Namespace) -> tuple[dict[str, Any], Score]:
    """One history under one preset."""
    from trainwatch.replay.backtest import entry
    from trainwatch.replay.beside import beside
    from trainwatch.replay.run import fold_files
    from trainwatch.report.score import score

    engine = fold_files([path], preset=preset, stated={**beside([path]), **facts_of(args)}, formats=formats_of(args))
    return entry(path, preset, engine), score(engine.snapshot())


def _document(found: dict[str, Judged]) -> list[dict[str, Any]]:
    """The contract's list for one preset; for several a list of presets, each with its score and that list."""
    from trainwatch.report.score import total

    lists = {name: [{**entry, "score": asdict(score)} for entry, score in judged] for name, judged in found.items()}
    if len(lists) == 1:
        return next(iter(lists.values()))
    return [{"preset": name, "score": asdict(total([s for _, s in judged])), "files": lists[name]} for name, judged in found.items()]


def _print(found: dict[str, Judged]) -> None:
    """Every file, then a row a preset."""
    from trainwatch.present.aligned import aligned

    if len(found) == 1:
        _print_one(*next(iter(found.items())))
    else:
        lines = [["file", "best", *found]]
        lines += [
            [judged[0][0]["file"], _best(judged[0][0]), *(_stop(*one) for one in judged)] for judged in zip(*found.values(), strict=True)
        ]
        print(aligned(lines, left=range(len(lines[0]))))
    print(aligned(_totals(found), left=(0,)), end="")


def _print_one(name: str, judged: Judged) -> None:
    """A line a file, with its events."""
    from trainwatch.report.words import plural

    for entry, _ in judged:
        print(_line(entry))
        for event in entry["events"]:
            print(_event(event))
    stopped = sum(score.stopped for _, score in judged)
    print(f"{plural(len(judged), 'file')}, preset {name}: {stopped} would have been stopped", file=sys.stderr)
    print()


def _totals(found: dict[str, Judged]) -> list[list[str]]:
    """The table of presets."""
    from trainwatch.present.numbers import number, percent
    from trainwatch.report.score import total

    titles = ["rules", "judged", "stopped", "optimal", "delay", "regret", "saved", "steps saved", "GPU-hours saved", "false stops"]
    lines = [titles]
    for name, judged in found.items():
        t = total([score for _, score in judged])
        regret = "?" if t.regret is None else f"{t.regret * 100:.2f} %"
        figures = [percent(t.optimal), number(t.delay), regret, percent(t.saved), str(t.saved_steps), number(t.saved_gpu_hours)]
        lines.append([name, str(t.judged), str(t.stopped), *figures, str(t.false_stops)])
    return lines


def _best(entry: dict[str, Any]) -> str:
    """The best evaluation of a history."""
    from trainwatch.present.numbers import number, step

    best = entry["best"]
    return f"{number(best['value'])} @{step(best['step'])} of {entry['evals']}" if best else "no evaluation"


def _stop(entry: dict[str, Any], score: Score) -> str:
    """What a preset would have done to a history."""
    from trainwatch.present.numbers import step

    stop = entry["stop"]
    if stop is None:
        return "-"
    lost = f", regret {score.regret * 100:.1f} %" if score.regret else ""
    return f"{stop['rule']} {stop['severity']} @{step(stop['step'])}{lost}{', false' if score.false_stop else ''}"


def _line(entry: dict[str, Any]) -> str:
    """A history in a line."""
    from trainwatch.present.clean import clean
    from trainwatch.present.numbers import step

    stop = entry["stop"]
    what = f"best {_best(entry)} evaluation{'' if entry['evals'] == 1 else 's'}" if entry["best"] else "no evaluation"
    end = f"stopped at step {step(stop['step'])} by {stop['rule']} ({stop['severity']})" if stop else "not stopped"
    return clean(f"{entry['file']}: {what}; {end}")


def _event(event: dict[str, Any]) -> str:
    """An event in a line."""
    from trainwatch.present.clean import clean
    from trainwatch.report.words import position

    withdrawn = "withdrawn " if event["verdict"] == "withdrawn" else ""
    where = position(event["step"], event["epoch"] if event["step"] is None else None)
    return clean(f"  {where}  {withdrawn}{event['severity']} {event['rule']}: {event['why']}")
