"""`trainwatch report TARGET`: write the analysis of a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from trainwatch.cli.whole import add_target, report_of
from trainwatch.cli.written import add_output, form_of, hand_over, write
from trainwatch.model.errors import UsageError

if TYPE_CHECKING:
    from trainwatch.report.compose import Report

SHARP = 2.0
"""Pixels of a PNG for each pixel of the drawing."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    add_target(parser)
    add_output(parser)
    parser.add_argument("--plot", type=_picture, metavar="FILE.svg|png", help="write the picture too; alone, nothing else")


def _picture(text: str) -> Path:
    """A file whose name says how to draw."""
    path = Path(text)
    if path.suffix.lower() not in (".svg", ".png"):
        raise argparse.ArgumentTypeError(f"{text}: a picture is an .svg or a .png")
    return path


def run(args: argparse.Namespace) -> int:
    """Write the report; 0 whatever it finds."""
    form = form_of(args)
    report = report_of(args)
    if args.plot is not None:
        _plot(report, args.plot)
    if args.plot is None or args.format is not None or args.output is not None:
        _document(report, form, args.output)
    return 0


def _document(report: Report, form: str, output: Path | None) -> None:
    """The report in a form, to a file or to standard output."""
    from trainwatch.report.document import to_json
    from trainwatch.report.html import to_html
    from trainwatch.report.markdown import to_markdown

    text = {"md": to_markdown, "html": to_html, "json": to_json}[form](report)
    hand_over(text, output, "report")


def _plot(report: Report, path: Path) -> None:
    """The picture as a file. Raises UsageError when there is nothing to draw, or nothing to draw a PNG with."""
    from trainwatch.report.charts.figure import standalone

    drawn = standalone(report, live=path.suffix.lower() == ".svg")
    if not drawn:
        raise UsageError(f"{path}: there is nothing to draw: no loss and no evaluation was found")
    write(path, drawn.encode("utf-8") if path.suffix.lower() == ".svg" else _png(drawn), "picture")


def _png(drawn: str) -> bytes:
    """The picture in pixels."""
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise UsageError(f"a PNG needs the extra `plot` (pip install cairosvg): {error}; an .svg needs nothing") from error
    return bytes(cairosvg.svg2png(bytestring=drawn.encode("utf-8"), scale=SHARP))
