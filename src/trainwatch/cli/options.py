"""Options that several verbs share, and what their words mean."""

from __future__ import annotations

import argparse

from trainwatch.model.errors import UsageError
from trainwatch.model.facts import FactValue


def add_reading(parser: argparse.ArgumentParser) -> None:
    """`--formats` and `--fact`: how the log is read."""
    parser.add_argument("--formats", metavar="NAMES", help="read with these formats only, comma separated")
    parser.add_argument("--fact", metavar="NAME=VALUE", action="append", default=[], help="state what the log does not say")


def add_rules(parser: argparse.ArgumentParser) -> None:
    """`--rules`: the preset."""
    parser.add_argument("--rules", metavar="PRESET|FILE", default="default", help="the rules (default: default)")


def formats_of(args: argparse.Namespace) -> list[str] | None:
    """The formats to read with; None: all."""
    return [name.strip() for name in args.formats.split(",") if name.strip()] if args.formats else None


def facts_of(args: argparse.Namespace) -> dict[str, FactValue]:
    """The stated facts, numbers and truth values as such."""
    return dict(_fact(word) for word in args.fact)


def _fact(word: str) -> tuple[str, FactValue]:
    """One `NAME=VALUE`. Raises UsageError when it is not."""
    name, equals, value = word.partition("=")
    if not equals or not name.strip():
        raise UsageError(f"--fact {word}: write it as NAME=VALUE, such as --fact total_steps=14000")
    return name.strip(), _value(value.strip())


def _value(text: str) -> FactValue:
    """A number or truth value where the text is one."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return float(text)
    except ValueError:
        return text
