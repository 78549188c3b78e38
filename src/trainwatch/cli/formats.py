"""`formats list | show NAME | check FILE | test [LOG] [--formats …] | new NAME LOG`."""

from __future__ import annotations

import argparse
from pathlib import Path

from trainwatch.cli.options import add_formats, formats_of
from trainwatch.model.errors import DataFileError, NotWrittenError, UsageError

SAMPLE = 4 << 20
"""Bytes of a log from which a format is proposed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    words = parser.add_subparsers(dest="what", required=True, metavar="list|show|check|test|new")
    _word(words, "list", "every format, one a line")
    _word(words, "show", "the file of a format").add_argument("name", metavar="NAME")
    _word(words, "check", "look for mistakes in a format file, and run its samples").add_argument("file", type=Path, metavar="FILE")
    test = _word(words, "test", "run every format's samples, or say what is read of a log")
    test.add_argument("log", nargs="?", metavar="LOG")
    add_formats(test)
    new = _word(words, "new", "propose a format file for a log that is not read well")
    new.add_argument("name", metavar="NAME")
    new.add_argument("log", type=Path, metavar="LOG")
    new.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it here instead of printing it")


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
    if args.what == "new":
        return _new(args.name, args.log, args.output)
    formats = formats_of(args)
    return _test_log(args.log, formats) if args.log else _test(formats)


def _list() -> int:
    """Name and purpose of each, and the file of those that do not come with trainwatch."""
    from trainwatch.formats.catalog import READERS, catalog, is_builtin

    rows = [(fmt.name, fmt.about if is_builtin(fmt) else f"{fmt.about}  ({fmt.origin})") for fmt in catalog(samples=False)]
    rows += READERS.items()
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

    fmt = load_file(path)
    wrong = failures(fmt, path.read_text("utf-8"))
    if wrong:
        raise DataFileError(wrong)
    print(f"{path}: format {fmt.name}, {len(fmt.shapes)} shapes, {len(fmt.samples)} samples, all as expected")
    return 0


def _test(words: list[str] | None) -> int:
    """The samples of these formats, or of every one."""
    from trainwatch.formats.catalog import choose, text_of
    from trainwatch.formats.check import failures

    formats, _ = choose(words, samples=True)
    wrong = [mistake for fmt in formats for mistake in failures(fmt, text_of(fmt))]
    for mistake in wrong:
        print(mistake)
    count = sum(len(fmt.samples) for fmt in formats)
    print(f"{len(formats)} formats, {count} samples, {len(wrong)} failures")
    return 1 if wrong else 0


def _test_log(log: str, formats: list[str] | None) -> int:
    """What is read of a log: records by kind and format, the configuration found, the beginning of each."""
    from collections import Counter

    from trainwatch.cli.reading import read_blocks
    from trainwatch.model.facts import Facts

    facts = Facts()
    counts: Counter[tuple[str, str]] = Counter()
    for block in read_blocks([log], facts, formats):
        counts[block.format, block.kind] += len(block)
    for (name, kind), count in counts.items():
        print(f"{name:16} {kind:8} {count:8}")
    if not counts:
        print("no records")
    for name, fact in facts.items():
        print(f"fact {name} = {fact.value}  ({fact.origin}:{fact.line})")
    return 0


def _new(name: str, log: Path, output: Path | None) -> int:
    """A format file to start from. Raises UsageError when nothing can be proposed, NotWrittenError."""
    from trainwatch.formats.propose import propose
    from trainwatch.sources.finished import chunks

    data = b""
    for chunk in chunks(log):
        data += chunk.data
        if len(data) >= SAMPLE:
            break
    text = propose(data, name)
    if text is None:
        raise UsageError(f"{log}: no line that repeats holds a step or an epoch, and a loss or a metric; there is nothing to propose")
    if output is None:
        print(text, end="")
        return 0
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise NotWrittenError(f"{output}: {error.strerror}") from error
    return _check(output)
