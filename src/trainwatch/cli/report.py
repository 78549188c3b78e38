"""`trainwatch report TARGET`: write the analysis of a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.cli.whole import add_target, report_of
from trainwatch.model.errors import NotFoundError, NotWrittenError, UsageError

if TYPE_CHECKING:
    from trainwatch.report.compose import Report

HELP = "write the analysis of a run"

FORMS = {"": "md", ".md": "md", ".markdown": "md", ".txt": "md", ".html": "html", ".htm": "html", ".json": "json"}
"""The form of a report by the ending of its name."""

SHARP = 2.0
"""Pixels of a PNG for each pixel of the drawing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    add_target(parser)
    parser.add_argument(
        "-f", "--format", choices=("md", "html", "json"), help="md (default), html or json; by the name of -o where that tells"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--plot", type=_picture, metavar="FILE.svg|png", help="write the picture too; alone, nothing else")


def _picture(text: str) -> Path:
    """A file whose name says how to draw."""
    path = Path(text)
    if path.suffix.lower() not in (".svg", ".png"):
        raise argparse.ArgumentTypeError(f"{text}: a picture is an .svg or a .png")
    return path


def run(args: argparse.Namespace) -> int:
    """Write the report; 0 whatever it finds."""
    form = _form(args)
    report = report_of(args)
    if args.plot is not None:
        _plot(report, args.plot)
    if args.plot is None or args.format is not None or args.output is not None:
        _document(report, form, args.output)
    return 0


def _form(args: argparse.Namespace) -> str:
    """The form that is asked for, or that the name of the file tells. Raises UsageError for a name that tells another one."""
    ending = args.output.suffix.lower() if args.output is not None else ""
    if args.format is not None:
        return str(args.format)
    if ending not in FORMS:
        raise UsageError(f"-o {args.output}: a report is an .md, .txt, .html or .json; for another name say which with -f")
    return FORMS[ending]


def _document(report: Report, form: str, output: Path | None) -> None:
    """The report in a form, to a file or to standard output."""
    from trainwatch.report.document import to_json
    from trainwatch.report.html import to_html
    from trainwatch.report.markdown import to_markdown

    text = {"md": to_markdown, "html": to_html, "json": to_json}[form](report)
    if output is None:
        print(printable(text), end="")
    else:
        _write(output, text.encode("utf-8"), "report")


def _plot(report: Report, path: Path) -> None:
    """The picture as a file. Raises UsageError when there is nothing to draw, or nothing to draw a PNG with."""
    from trainwatch.report.charts.figure import standalone

    drawn = standalone(report, live=path.suffix.lower() == ".svg")
    if not drawn:
        raise UsageError(f"{path}: there is nothing to draw: no loss and no evaluation was found")
    _write(path, drawn.encode("utf-8") if path.suffix.lower() == ".svg" else _png(drawn), "picture")


def _png(drawn: str) -> bytes:
    """The picture in pixels."""
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise UsageError(f"a PNG needs the extra `plot` (pip install 'trainwatch-tui[plot]'): {error}; an .svg needs nothing") from error
    return bytes(cairosvg.svg2png(bytestring=drawn.encode("utf-8"), scale=SHARP))


def _write(path: Path, data: bytes, what: str) -> None:
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
