"""A document for standard output or a file, in the form that is asked for or that the file's name tells."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trainwatch.model.errors import NotFoundError, NotWrittenError, UsageError

FORMS = {"": "md", ".md": "md", ".markdown": "md", ".txt": "md", ".html": "html", ".htm": "html", ".json": "json"}
"""The form of a document by the ending of its name."""


def add_output(parser: argparse.ArgumentParser) -> None:
    """-f and -o."""
    parser.add_argument(
        "-f", "--format", choices=("md", "html", "json"), help="md (default), html or json; by the name of -o where that tells"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")


def form_of(args: argparse.Namespace) -> str:
    """The form that is asked for, or that the name of the file tells. Raises UsageError for a name that tells another one."""
    ending = args.output.suffix.lower() if args.output is not None else ""
    if args.format is not None:
        return str(args.format)
    if ending not in FORMS:
        raise UsageError(f"-o {args.output}: a report is an .md, .txt, .html or .json; for another name say which with -f")
    return FORMS[ending]


def hand_over(text: str, output: Path | None, what: str) -> None:
    """The text to a file, or to standard output. Raises NotFoundError, NotWrittenError."""
    if output is None:
        print(printable(text), end="")
    else:
        write(output, text.encode("utf-8"), what)


def write(path: Path, data: bytes, what: str) -> None:
    """Write a file and say where it is. Raises NotFoundError for a folder that is not there, else NotWrittenError."""
    try:
        path.write_bytes(data)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: there is no folder {path.parent}") from error
    except OSError as error:
        raise NotWrittenError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"trainwatch: {what} written to {path}", file=sys.stderr)


def printable(text: str) -> str:
    """The text with a question mark for what standard output cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
