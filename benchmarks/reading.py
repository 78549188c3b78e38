"""Reading a log completely: the product's own reader against the loop everyone writes, and against `rg -c`.

python benchmarks/reading.py [MEGABYTES [ROUNDS]]      100 and 1000 MB, five rounds, when nothing is said
"""

from __future__ import annotations

import ast
import gc
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import logs
from rounds import command, interleave, report

SIZES = (100, 1000)
MARKS = {"hf": "'loss': ", "hf_lines": "'loss': ", "megatron": "lm loss: ", "nanogpt": "^iter "}
MEGATRON = re.compile(r"iteration +(\d+)/ *(\d+) \|(.*)")
PAIR = re.compile(r"([a-z ()]+?): +([-+.\dEenaif]+)")
NANOGPT = re.compile(r"iter (\d+): loss ([^,]+), time ([^m]+)ms, mfu ([^%]+)%")


def ours(path: Path) -> int:
    """Every record of every format, detection on, with offsets; the number of records."""
    from trainwatch.formats.reader import Reader  # noqa: PLC0415  what is timed starts here
    from trainwatch.model.facts import Facts  # noqa: PLC0415

    gc.disable()
    reader = Reader(str(path), facts=Facts())
    count = offset = 0
    with path.open("rb", buffering=0) as file:
        while data := file.read(1 << 17):
            count += sum(map(len, reader.feed(data, offset)))
            offset += len(data)
    return count + sum(map(len, reader.feed(b"", offset, final=True)))


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


PARSERS: dict[str, Callable[[str], object | None]] = {"hf": _hf, "hf_lines": _hf, "megatron": _megatron, "nanogpt": _nanogpt}


def main(sizes: tuple[int, ...], rounds: int) -> None:
    """Every kind in every size."""
    peer = shutil.which("rg")
    if peer is None:
        print("reading: ripgrep (rg) is not installed; only the naive reader is compared with")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            for kind in logs.KINDS:
                log = Path(folder, f"{kind}.log")
                logs.write(kind, size, log)
                _compare(kind, size, log, rounds, peer)


def _compare(kind: str, size: int, log: Path, rounds: int, peer: str | None) -> None:
    """One kind and size, and that both readers found the same records."""
    this = str(Path(__file__))
    lost = sum(log.read_bytes().count(f"'loss': {spelling}".encode()) for spelling in ("nan", "inf")) if kind.startswith("hf") else 0
    mine, theirs = ours(log), naive(log, kind)
    assert mine == theirs + lost, f"{kind}: {mine} records against {theirs} and {lost} that are not finite"
    naive_name = "readline + re + literal_eval"
    jobs = {
        "trainwatch reader": command(sys.executable, this, "ours", str(log)),
        naive_name: command(sys.executable, this, "naive", str(log), kind),
    }
    if peer:
        jobs["rg -c"] = command(peer, "-c", MARKS[kind], str(log))
    report(f"{kind}, {size} MB, {mine:,} records", interleave(jobs, rounds), [naive_name, *(["rg -c"] if peer else [])])


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["ours"]:
        ours(Path(words[1]))
    elif words[:1] == ["naive"]:
        naive(Path(words[1]), words[2])
    else:
        main((int(words[0]),) if words else SIZES, int(words[1]) if len(words) > 1 else 5)
