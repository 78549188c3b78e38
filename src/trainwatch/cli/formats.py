"""`formats list | show NAME | check FILE | test [LOG]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainwatch.model.errors import DataFileError, Mistake, NotFoundError, UsageError

HELP = "the log formats: list, show, check, test"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    words = parser.add_subparsers(dest="what", required=True, metavar="list|show|check|test")
    _word(words, "list", "every format, one a line")
    _word(words, "show", "the file of a format").add_argument("name", metavar="NAME")
    _word(words, "check", "look for mistakes in a format file, and run its samples").add_argument("file", type=Path, metavar="FILE")
    test = _word(words, "test", "run every format's samples, or say what is read of a log")
    test.add_argument("log", nargs="?", metavar="LOG")


def _word(words: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str) -> argparse.ArgumentParser:
    """One word of the verb."""
    return words.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")


def run(args: argparse.Namespace) -> int:
    """Run the word."""
    if args.what == "list":
        return _list()
    if args.what == "show":
        return _show(args.name)
    if args.what == "check":
        return _check(args.file)
    return _test_log(args.log) if args.log else _test()


def _list() -> int:
    """Name and purpose of each."""
    from trainwatch.formats.catalog import READERS, catalog

    rows = [(fmt.name, fmt.about) for fmt in catalog()] + list(READERS.items())
    width = max(len(name) for name, _ in rows)
    for name, about in sorted(rows):
        print(f"{name:{width}}  {about}")
    return 0


def _show(name: str) -> int:
    """The file itself."""
    from trainwatch.formats.catalog import READERS, source_of

    if name in READERS:
        print(f"{name}: {READERS[name]} (a reader in code, without a file)")
        return 0
    text = source_of(name)
    if text is None:
        raise UsageError(f"there is no format {name!r}; see: trainwatch formats list")
    print(text, end="")
    return 0


def _check(path: Path) -> int:
    """Mistakes and failing samples of a file, all at once."""
    from trainwatch.formats.catalog import load_file
    from trainwatch.formats.check import failures

    if not path.exists():
        raise NotFoundError(f"{path}: no such file")
    fmt = load_file(path)
    wrong = failures(fmt)
    if wrong:
        raise DataFileError([Mistake(str(path), "sample", text) for text in wrong])
    print(f"{path}: format {fmt.name}, {len(fmt.shapes)} shapes, {len(fmt.samples)} samples, all as expected")
    return 0


def _test() -> int:
    """The samples of every format."""
    from trainwatch.formats.catalog import catalog
    from trainwatch.formats.check import failures

    wrong = [(fmt.name, text) for fmt in catalog() for text in failures(fmt)]
    for name, text in wrong:
        print(f"{name}: {text}")
    count = sum(len(fmt.samples) for fmt in catalog())
    print(f"{len(catalog())} formats, {count} samples, {len(wrong)} failures")
    return 1 if wrong else 0


def _test_log(log: str) -> int:
    """What is read of a log: records by kind and format, the configuration found, the beginning of each."""
    from collections import Counter

    from trainwatch.cli.reading import read_blocks
    from trainwatch.model.facts import Facts

    facts = Facts()
    counts: Counter[tuple[str, str]] = Counter()
    for block in read_blocks([log], facts, None):
        counts[block.format, block.kind] += len(block)
    for (name, kind), count in counts.items():
        print(f"{name:16} {kind:8} {count:8}")
    if not counts:
        print("no records")
    for name, fact in facts.items():
        print(f"fact {name} = {fact.value}  ({fact.origin}:{fact.line})")
    return 0
