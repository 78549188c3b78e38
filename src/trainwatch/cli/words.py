"""The words that each verb understands, read off its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

RUNS = frozenset({"run"})
"""Arguments that are runs; `trainwatch ls` knows them."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option: its spellings, what it is for, whether a value follows, and the values that are known."""

    flags: tuple[str, ...]
    about: str
    takes: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its options, the words that may stand behind it, and whether the ids of runs may too. Files may stand behind every verb."""

    name: str
    about: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    takes_runs: bool


def verbs() -> tuple[Verb, ...]:
    """Every verb, in the order of the help."""
    from trainwatch.cli.main import VERBS, parser_of

    return tuple(_verb(name, about, parser_of(name)) for name, about in VERBS.items())


def _verb(name: str, about: str, parser: argparse.ArgumentParser) -> Verb:
    """A verb with the words of its own verbs, such as those of `formats`."""
    actions = list(_actions(parser))
    options = {action.option_strings[-1]: _option(action) for action in actions if action.option_strings}
    places = [action for action in actions if not action.option_strings]
    words = [str(word) for action in places for word in action.choices or ()]
    return Verb(name, about, tuple(options.values()), tuple(words), any(action.dest in RUNS for action in places))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of a parser and of those below it; argparse has no other way to tell them."""
    for action in parser._actions:  # noqa: SLF001
        yield action
        for inner in action.choices.values() if isinstance(action, argparse._SubParsersAction) else ():  # noqa: SLF001
            yield from _actions(inner)


def _option(action: argparse.Action) -> Option:
    """An option, with the values that its parser or the files of the package name."""
    about = (action.help or "").replace("%%", "%")
    values = map(str, action.choices) if action.choices else _known(str(action.metavar or action.dest))
    return Option(tuple(action.option_strings), about, action.nargs != 0, tuple(values))


def _known(what: str) -> list[str]:
    """The values that are known of an argument, by what it is called; files may stand there too."""
    match what:
        case "PRESET|FILE":
            from trainwatch.rules.preset import builtin_names

            return list(builtin_names())
        case "NAME|FILE,…":
            from trainwatch.formats.catalog import READERS, catalog

            return sorted({*READERS, *(fmt.name for fmt in catalog(samples=False))})
        case "theme":
            from trainwatch.present.theme import available

            return list(available())
        case "save|stop|stop=RULE,…":
            return ["save", "stop"]
        case "DOORBELL":
            from trainwatch.supervise.doorbell import doorbells

            return list(doorbells())
    return []
