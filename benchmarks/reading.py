"""Reading a log completely: the product's own reader against the loop everyone writes, `rg -c` and lnav.

python benchmarks/reading.py [MEGABYTES [ROUNDS [KIND…]]]      100 and 1000 MB, five rounds, all kinds, when nothing is said

Records that both readers found are counted before the rounds. `lnav` takes part where it is installed, with Megatron's lines as a format
of its own; it writes its settings into a folder that is thrown away. `export` writes every record as JSON and has no goal.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import logs
from rounds import Job, command, interleave, report

SIZES = (100, 1000)
MARKS = {"hf": "'loss': ", "hf_lines": "'loss': ", "megatron": "lm loss: ", "nanogpt": "^iter ", "ranks": "lm loss: "}
MEGATRON = re.compile(r"iteration +(\d+)/ *(\d+) \|(.*)")
PAIR = re.compile(r"([a-z ()]+?): +([-+.\dEenaif]+)")
NANOGPT = re.compile(r"iter (\d+): loss ([^,]+), time ([^m]+)ms, mfu ([^%]+)%")


EXPORTED = 100
"""Megabytes up to which `export` is run: it writes more than it reads."""

LNAV = {
    "$schema": "https://lnav.org/schemas/format-v1.schema.json",
    "megatron_bench": {
        "title": "Megatron",
        "regex": {"std": {"pattern": "^ iteration +(?<iteration>\\d+)/ *\\d+ \\|(?<body>.*)$"}},
        "timestamp-field": "iteration",
        "timestamp-format": ["%s"],
        "value": {"iteration": {"kind": "integer"}},
        "sample": [{"line": " iteration        1/ 5000000 | consumed samples:           32 | lm loss: 2.0E+00 |"}],
    },
}


def naive(path: Path, kind: str) -> int:
    """`readline`, a pattern, `ast.literal_eval`, a list of dicts. NaN and infinity are lost: `literal_eval` refuses them."""
    records = []
    parse = PARSERS[kind]
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            record = parse(line)
            if record is not None:
                records.append(record)
    return len(records)


def _hf(line: str) -> object | None:
    """The dict of a Trainer line."""
    found = re.search(r"\{'.*\}", line)
    try:
        return ast.literal_eval(found[0]) if found else None
    except (ValueError, SyntaxError):
        return None


def _megatron(line: str) -> object | None:
    """The fields of an iteration line."""
    found = MEGATRON.search(line)
    if found is None:
        return None
    return {"iteration": int(found[1]), "total": int(found[2])} | {name.strip(): float(value) for name, value in PAIR.findall(found[3])}


def _nanogpt(line: str) -> object | None:
    """The fields of an iter line."""
    found = NANOGPT.match(line)
    return {"iter": int(found[1]), "loss": float(found[2]), "time": float(found[3]), "mfu": float(found[4])} if found else None


PARSERS: dict[str, Callable[[str], object | None]] = {
    "hf": _hf,
    "hf_lines": _hf,
    "megatron": _megatron,
    "nanogpt": _nanogpt,
    "ranks": _megatron,
}


def main(sizes: tuple[int, ...], rounds: int, kinds: tuple[str, ...]) -> None:
    """Every kind in every size."""
    for peer in ("rg", "lnav"):
        if shutil.which(peer) is None:
            print(f"reading: {peer} is not installed, so nothing is compared with it")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            for kind in kinds:
                log = Path(folder, f"{kind}.log")
                logs.write(kind, size, log)
                _compare(kind, size, log, rounds)
                log.unlink()


def _compare(kind: str, size: int, log: Path, rounds: int) -> None:
    """One kind and size, and that both readers found the same records."""
    this, ours = __file__, str(Path(__file__).with_name("records.py"))
    lost = _count(log, (b"'loss': nan", b"'loss': inf")) if kind.startswith("hf") else 0
    mine, theirs = _counted(ours, str(log)), _counted(this, "naive", str(log), kind)
    assert mine == theirs + lost, f"{kind}: {mine} records against {theirs} and {lost} that are not finite"
    naive_name = "readline + re + literal_eval"
    jobs: dict[str, Job] = {
        "trainwatch reader, all fields": command(sys.executable, ours, str(log)),
        "trainwatch reader, loss only": command(sys.executable, ours, str(log), "loss"),
        naive_name: command(sys.executable, this, "naive", str(log), kind),
    }
    peers = {"rg -c": _rg(kind, log), "lnav, indexing": _lnav(log) if kind == "megatron" else None}
    jobs |= {name: job for name, job in peers.items() if job is not None}
    if size <= EXPORTED:
        jobs["trainwatch export (no goal)"] = command(sys.executable, "-m", "trainwatch", "export", str(log))
    report(f"{kind}, {size} MB, {mine:,} records", interleave(jobs, rounds), [naive_name, *(name for name in peers if name in jobs)])


def _counted(*argv: str) -> int:
    """The number of records that a reader finds, in a process of its own: the naive one takes gigabytes."""
    return int(subprocess.run([sys.executable, *argv], check=True, capture_output=True).stdout)


def _count(log: Path, marks: tuple[bytes, ...]) -> int:
    """How often any of these stands in a log."""
    with log.open("rb") as file:
        return sum(line.count(mark) for line in file for mark in marks)


def _rg(kind: str, log: Path) -> Job | None:
    """Count the lines of records; None without ripgrep."""
    found = shutil.which("rg")
    return command(found, "-c", MARKS[kind], str(log)) if found else None


def _lnav(log: Path) -> Job | None:
    """Load a log and index its lines, with nothing to show; None without lnav."""
    found = shutil.which("lnav")
    if found is None:
        return None
    home = log.parent / "lnav"
    format_file = home / ".lnav" / "formats" / "installed" / "megatron_bench.json"
    format_file.parent.mkdir(parents=True, exist_ok=True)
    format_file.write_text(json.dumps(LNAV))
    return command("env", f"HOME={home}", "TERM=dumb", found, "-n", "-q", str(log))


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["naive"]:
        print(naive(Path(words[1]), words[2]))
    else:
        sizes = (int(words[0]),) if words else SIZES
        main(sizes, int(words[1]) if len(words) > 1 else 5, tuple(words[2:]) or tuple(logs.KINDS))
