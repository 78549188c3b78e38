"""`trainwatch themes`: list, show and check themes."""

from __future__ import annotations

import argparse
import os
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the verb."""
    verbs = parser.add_subparsers(dest="what", metavar="list|show|check", required=True)
    verbs.add_parser("list", help="every theme and its file", description="Every theme and its file.")
    show = verbs.add_parser("show", help="every style of a theme", description="Every style of a theme, as it looks here.")
    show.add_argument("theme", nargs="?", default="default", metavar="THEME|FILE.toml")
    text = "Every mistake of a theme; contrast, and colours that colour-blind eyes confuse. All themes without a name."
    check = verbs.add_parser("check", help="mistakes, contrast, colour-blind safety", description=text)
    check.add_argument("theme", nargs="*", metavar="THEME|FILE.toml")


def run(args: argparse.Namespace) -> int:
    """One of the three."""
    match args.what:
        case "list":
            return _list()
        case "show":
            return _show(args.theme)
        case _:
            return _check(args.theme)


def _list() -> int:
    """Name, what it is, where it is."""
    from trainwatch.present.theme import available, load

    for name, path in available().items():
        print(f"{name:12}  {load(str(path)).about}  ({path})")
    return 0


def _show(name: str) -> int:
    """Swatches; without colours where stdout is no terminal or NO_COLOR is set."""
    from trainwatch.present.ansi import to_ansi
    from trainwatch.present.look import look
    from trainwatch.present.swatches import swatches
    from trainwatch.present.theme import load
    from trainwatch.tui.terminal import speaks_utf8, started_with

    theme, canvas = load(name), swatches(look(ascii=not speaks_utf8(started_with())))
    print(f"{theme.name}: {theme.about}")
    if sys.stdout.isatty():
        print(to_ansi(canvas, theme, colour=not os.environ.get("NO_COLOR")))
    else:
        print("\n".join(line.rstrip() for line in canvas.lines()))
    return 0


def _check(names: list[str]) -> int:
    """All mistakes of all themes named, as one error."""
    from trainwatch.model.errors import DataFileError
    from trainwatch.present.theme import available, load
    from trainwatch.present.themecheck import problems

    found = available()
    mistakes = []
    for name in names or [str(path) for path in found.values()]:
        try:
            mistakes += problems(load(name), str(found.get(name, name)))
        except DataFileError as error:
            mistakes += error.mistakes
    if mistakes:
        raise DataFileError(mistakes)
    print(f"{len(names or found)} themes checked: every role has a style, all can be read and told apart")
    return 0
