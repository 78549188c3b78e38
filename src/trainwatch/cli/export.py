"""`export TARGET -f jsonl|csv`: every record, in file order, as it is read."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from trainwatch.cli.options import add_reading, facts_of, formats_of
from trainwatch.model.block import Block, Scalar

HELP = "every record of a log as JSON lines"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    parser.add_argument("target", nargs="+", metavar="TARGET", help="log files (several are one run), a folder, a run, a pid, slurm:ID, -")
    parser.add_argument("-f", "--format", choices=("jsonl", "csv"), default="jsonl", help="jsonl (default) or csv: a row per value")
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Write the records to stdout as they are read."""
    from trainwatch.cli.reading import read_blocks
    from trainwatch.model.facts import Facts

    facts = Facts(facts_of(args))
    count = 0
    write = sys.stdout.write
    if args.format == "csv":
        write("source,attempt,line,kind,step,epoch,name,value\n")
    for block in read_blocks(args.target, facts, formats_of(args)):
        count += len(block)
        for item in observations(block):
            write(json.dumps(item) + "\n" if args.format == "jsonl" else _rows(item))
    if count == 0:
        print("trainwatch: no metric was found; `trainwatch formats test LOG` says what was seen", file=sys.stderr)
    return 0


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
