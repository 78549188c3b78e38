"""Which formats there are: the built-in ones, those of installed packages, and the user's own."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from trainwatch.formats.plugins import plugin_files
from trainwatch.formats.schema import Format, parse_format
from trainwatch.formats.where import line_of
from trainwatch.model.errors import DataFileError, Mistake, NotFoundError, UsageError

BUILTIN = Path(__file__).with_name("builtin")
"""The formats that come with trainwatch: a plain path, as finding a package's files in general is a tenth of a short command."""

READERS = {
    "json": "objects, one a line, as JSON or as Python prints a dict: our own export, trainer_log.jsonl, metrics files",
    "history": "JSON documents that hold a list of entries: trainer_state.json, a history of epochs",
    "bars": "tqdm bars with name=number behind them",
    "tables": "comma-separated values under a header, boxes of | name | value |",
    "grids": "rows under a line of names, parted by tabs, blanks or bars; YOLO's console",
    "listing": "a line such as [step=10/1000] and indented names and values under it: OLMo, Composer, NeMo RL",
    "generic": "whatever has names and values, in lines of no known format: name=value, name: value, and what json, history, bars, tables, grids and listing read",
}
"""Readers that are code, and what each reads."""

IMPLIED = {"generic": ("json", "history", "bars", "tables", "grids", "listing")}
"""Readers that come with another one."""


def user_directory() -> Path:
    """Where the user's own formats lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "trainwatch" / "formats"


def is_path(word: str) -> bool:
    """Whether a word of `--formats` is the path of a format file, not a name."""
    return "/" in word or word.endswith(".toml")


def load_file(path: Path) -> Format:
    """A format file. Raises NotFoundError, and DataFileError naming every mistake."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFoundError(f"{path}: no such format file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError([Mistake(str(path), "", f"cannot be read: {error}")]) from error
    return _parse(text, str(path))


@cache
def builtin(*, samples: bool = True) -> tuple[Format, ...]:
    """The formats of the package, by name. Who only reads logs leaves out their samples, which stand last and are longer than all else."""
    found = sorted(BUILTIN.glob("*.toml"))
    return tuple(_parse(entry.read_text("utf-8"), f"builtin/{entry.name}", samples=samples) for entry in found)


def catalog(*, samples: bool = True) -> tuple[Format, ...]:
    """Every format, the built-in ones with their samples or without.

    The first of a name counts: the user's own go before those of installed packages, and those before the built-in ones. Raises DataFileError.
    """
    return _before(own_files(), builtin(samples=samples))


def own_files() -> list[Path]:
    """The files of all formats that do not come with trainwatch: the user's, then those of installed packages."""
    return [*sorted(user_directory().glob("*.toml")), *plugin_files()]


def source_of(name: str) -> str | None:
    """The text of a format's file; None when there is no such format. Raises DataFileError."""
    fmt = next((fmt for fmt in catalog(samples=False) if fmt.name == name), None)
    return None if fmt is None else text_of(fmt)


def text_of(fmt: Format) -> str:
    """The text of the file that a format was loaded from."""
    return (BUILTIN.parent / fmt.origin if is_builtin(fmt) else Path(fmt.origin)).read_text("utf-8")


def is_builtin(fmt: Format) -> bool:
    """Whether a format comes with trainwatch."""
    return fmt.origin.startswith(f"{BUILTIN.name}/")


def choose(words: Sequence[str] | None, *, samples: bool = False) -> tuple[tuple[Format, ...], frozenset[str]]:
    """The formats and the coded readers of these names and paths of format files; all that have a name for None.

    A file goes before a format of its name. Raises UsageError for a name that does not exist, NotFoundError or DataFileError for a file.
    """
    every = catalog(samples=samples)
    if words is None:
        return every, frozenset(READERS)
    names = [word for word in words if not is_path(word)]
    known = {fmt.name for fmt in every} | set(READERS)
    for name in names:
        if name not in known:
            raise UsageError(f"there is no format {name!r}; give the path of a format file, or of these: {', '.join(sorted(known))}")
    readers = {reader for name in names for reader in (name, *IMPLIED.get(name, ()))} & READERS.keys()
    formats = _before([Path(word) for word in words if is_path(word)], tuple(fmt for fmt in every if fmt.name in names))
    return formats, frozenset(readers)


def _before(paths: Sequence[Path], formats: Sequence[Format]) -> tuple[Format, ...]:
    """The formats of these files, then the others whose names are not taken; the first of a name counts. Raises DataFileError."""
    found: dict[str, Format] = {}
    mistakes: list[Mistake] = []
    for path in paths:
        try:
            fmt = load_file(path)
            found.setdefault(fmt.name, fmt)
        except DataFileError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise DataFileError(mistakes)
    return (*found.values(), *(fmt for fmt in formats if fmt.name not in found))


def _parse(text: str, origin: str, *, samples: bool = True) -> Format:
    """TOML text as a format, with its samples or without. Raises DataFileError."""
    try:
        data = tomllib.loads(text if samples else text.partition("\n[[sample]]")[0])
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise DataFileError([Mistake(origin, "", f"not TOML: {error}", int(line[1]) if line else 0)]) from error
    mistakes: list[Mistake] = []
    fmt = parse_format(data, origin, mistakes, samples=samples)
    if mistakes:
        raise DataFileError([replace(mistake, line=line_of(text, mistake.key)) for mistake in mistakes])
    return fmt
