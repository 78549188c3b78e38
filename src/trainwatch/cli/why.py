"""`trainwatch why TARGET`: the analysis in five sentences."""

from __future__ import annotations

import argparse

from trainwatch.cli.whole import add_target, report_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    add_target(parser)


def run(args: argparse.Namespace) -> int:
    """Print the sentences, one a line; 0 whatever they say."""
    from trainwatch.present.clean import clean
    from trainwatch.report.summary import sentences

    for sentence in sentences(report_of(args)):
        print(clean(sentence))
    return 0
