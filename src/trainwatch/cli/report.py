"""`trainwatch report TARGET`: write the analysis of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trainwatch.cli.whole import add_target, report_of
from trainwatch.model.errors import NotFoundError, NotWrittenError

HELP = "write the analysis of a run"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    add_target(parser)
    parser.add_argument("-f", "--format", choices=("md", "json"), default="md", help="md (default) or json")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")


def run(args: argparse.Namespace) -> int:
    """Write the report; 0 whatever it finds."""
    from trainwatch.report.document import to_json
    from trainwatch.report.markdown import to_markdown

    report = report_of(args)
    text = to_json(report) if args.format == "json" else to_markdown(report)
    if args.output is None:
        print(printable(text), end="")
    else:
        _write(args.output, text)
    return 0


def _write(path: Path, text: str) -> None:
    """Write the document as UTF-8 and say where it is. Raises NotFoundError for a folder that is not there, else NotWrittenError."""
    try:
        path.write_text(text, encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: there is no folder {path.parent}") from error
    except OSError as error:
        raise NotWrittenError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"trainwatch: report written to {path}", file=sys.stderr)


def printable(text: str) -> str:
    """The text with a question mark for what standard output cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)
