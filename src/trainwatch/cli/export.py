"""`export TARGET -f jsonl|csv`: every record, in file order, as it is read."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainwatch.cli.options import add_alone, add_reading, facts_of, formats_of
from trainwatch.model.block import Block, Scalar

if TYPE_CHECKING:
    from trainwatch.model.facts import Fact, Facts


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    parser.add_argument("-f", "--format", choices=("jsonl", "csv"), default="jsonl", help="jsonl (default) or csv: a row per value")
    parser.add_argument("--only", metavar="NAMES", help="only these values, such as loss,grad_norm, of the records that have one of them")
    add_reading(parser)
    add_alone(parser)


def run(args: argparse.Namespace) -> int:
    """Write the records to stdout as they are read."""
    from trainwatch.cli.reading import read_blocks
    from trainwatch.model.facts import Facts

    facts = Facts(facts_of(args))
    count = written = 0
    write = sys.stdout.write
    if args.format == "csv":
        write("source,attempt,line,kind,step,epoch,name,value\n")
    line = _json if args.format == "jsonl" else _rows
    only = frozenset(args.only.split(",")) if args.only else frozenset[str]()
    configuration = _Configuration(facts)
    for block in read_blocks(args.target, facts, formats_of(args), alone=args.alone, only=only):
        count += len(block)
        for item in observations(block):
            for found in (*configuration.before(item), item):
                written += write(line(found) if _narrow(found, only) else "")
    for item in configuration.rest():
        written += write(line(item) if _narrow(item, only) else "")
    if count == 0:
        print(f"trainwatch: {_nothing(args.target)}", file=sys.stderr)
    elif not written:
        print(f"trainwatch: no record has {args.only}; `trainwatch export` without --only shows every name", file=sys.stderr)
    return 0


def _narrow(item: dict[str, Any], only: AbstractSet[str]) -> bool:
    """Keep the values that are asked for; whether there are any. Nothing asked for is everything."""
    if only:
        item["values"] = {name: value for name, value in item["values"].items() if name in only}
    return not only or bool(item["values"])


def _nothing(words: list[str]) -> str:
    """Why there was no record."""
    if all(Path(word).is_file() and not Path(word).stat().st_size for word in words):
        return f"{', '.join(words)}: the log is empty"
    return "no metric was found; `trainwatch formats test LOG` says what was seen"


def observations(block: Block) -> Iterator[dict[str, Any]]:
    """The records of a block as the export contract has them."""
    for row in range(len(block)):
        step, epoch = block.step(row), block.epoch(row)
        item: dict[str, Any] = {
            "source": block.source,
            "attempt": block.attempt,
            "line": block.line(row),
            "kind": block.kind,
            "step": step,
            "epoch": _plain(epoch),
            "values": {name: _plain(value) for name, value in block.values(row).items()},
            "format": block.format,
        }
        derived = [name for name in block.derived if item[name] is not None]
        if derived:
            item["derived"] = derived
        yield item


class _Configuration:
    """The configuration found, as events between the records; each name once, where it was found."""

    def __init__(self, facts: Facts) -> None:
        self._facts, self._told = facts, set(facts)
        self._attempt = 1

    def before(self, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """What stands in the same source before a record or on its line, and all that earlier sources said."""
        if len(self._told) < len(self._facts):
            self._attempt = item["attempt"]
            yield from self._events(lambda fact: fact.origin != item["source"] or fact.line <= item["line"])

    def rest(self) -> Iterator[dict[str, Any]]:
        """What has not been told."""
        return self._events(lambda _: True)

    def _events(self, is_due: Callable[[Fact], bool]) -> Iterator[dict[str, Any]]:
        """New facts that are due, those of one line in one event."""
        new = [(name, fact) for name, fact in self._facts.items() if name not in self._told and is_due(fact)]
        self._told.update(name for name, _ in new)
        for (source, line), several in groupby(new, key=lambda pair: (pair[1].origin, pair[1].line)):
            values = {"event": "config", **{name: fact.value for name, fact in several}}
            place = {"source": source, "attempt": self._attempt, "line": line, "kind": "event", "step": None, "epoch": None}
            yield {**place, "values": values, "format": "configuration"}


def _json(item: dict[str, Any]) -> str:
    """A record as a line of JSON."""
    return json.dumps(item) + "\n"


def _plain(value: Scalar) -> Scalar:
    """A value as JSON can say it: what is not finite becomes its name."""
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _rows(item: dict[str, Any]) -> str:
    """A record as lines of CSV, one per value."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for name, value in item["values"].items():
        writer.writerow([item["source"], item["attempt"], item["line"], item["kind"], item["step"], item["epoch"], name, value])
    return out.getvalue()
