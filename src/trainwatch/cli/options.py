"""Options that several verbs share, and what their words mean."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from trainwatch.model.errors import UsageError
from trainwatch.model.facts import KNOWN_FACTS, TEXT_FACTS, TRUTH_FACTS, FactValue

_WEIGHT = re.compile(r"(?:alpha|lambda|beta|weight|w|coef)_\w+|\w+_(?:alpha|lambda|weight|coef|coeff)", re.IGNORECASE)
"""Names of weights of parts of the loss: the parts are named by the log."""

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def add_reading(parser: argparse.ArgumentParser) -> None:
    """`--formats` and `--fact`: how the log is read."""
    add_formats(parser)
    parser.add_argument("--fact", metavar="NAME=VALUE", action="append", default=[], help="state what the log does not say")


def add_formats(parser: argparse.ArgumentParser) -> None:
    """`--formats`: the formats that are read with."""
    parser.add_argument("--formats", metavar="NAME|FILE,…", help="read with these formats only: names, or format files (with a / or .toml)")


def add_alone(parser: argparse.ArgumentParser) -> None:
    """`--alone`: a log without the other stream of its job, and without the configuration beside it."""
    parser.add_argument(
        "--alone", action="store_true", help="read only the log that is named, not the .err, .out or configuration beside it"
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """`--rules`: the preset."""
    parser.add_argument("--rules", metavar="PRESET|FILE", default="default", help="the rules (default: default)")


def formats_of(args: argparse.Namespace) -> list[str] | None:
    """The names and absolute paths of the formats to read with; None: all. Raises UsageError, NotFoundError or DataFileError."""
    if not args.formats:
        return None
    from trainwatch.formats.catalog import choose, is_path

    words = [word.strip() for word in args.formats.split(",") if word.strip()]
    choose(words)
    return [str(Path(word).absolute()) if is_path(word) else word for word in words]


def check_own(run: str, args: argparse.Namespace) -> None:
    """Raise UsageError for words on how to read and judge a run that was begun with its own, which its supervisor goes by."""
    given = {"--rules": args.rules != "default", "--formats": bool(args.formats), "--fact": bool(args.fact)}
    words = ", ".join(word for word, is_given in given.items() if is_given)
    if words:
        raise UsageError(f"{run}: the run has its own rules, formats and facts; leave out {words}, or judge it anew with `trainwatch why`")


def facts_of(args: argparse.Namespace) -> dict[str, FactValue]:
    """The stated facts, numbers and truth values as such. Raises UsageError for what is no fact, or none of its kind."""
    own = getattr(args, "rules", None) not in (None, "default")
    return dict(_fact(word, any_name=own) for word in args.fact)


def _fact(word: str, *, any_name: bool) -> tuple[str, FactValue]:
    """One `NAME=VALUE`. Rules of one's own may ask for a number of `any_name`."""
    name, equals, value = (part.strip() for part in word.partition("="))
    if not equals or not name:
        raise UsageError(f"--fact {word}: write it as NAME=VALUE, such as --fact total_steps=14000")
    if name not in KNOWN_FACTS and not any_name and _WEIGHT.fullmatch(name) is None:
        import difflib

        near = difflib.get_close_matches(name, sorted(KNOWN_FACTS), n=1) or ["total_steps"]
        raise UsageError(f"--fact {word}: no fact is called {name}; is {near[0]} meant? With --rules FILE, rules may ask for any name")
    return name, _value(name, value, word)


def _value(name: str, text: str, word: str) -> FactValue:
    """The value as what the name calls for."""
    if name in TEXT_FACTS:
        return text
    if name in TRUTH_FACTS:
        if text.lower() not in _TRUTHS:
            raise UsageError(f"--fact {word}: {name} is true or false")
        return _TRUTHS[text.lower()]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"--fact {word}: {name} is a number, such as --fact {name}=8")
    return value
