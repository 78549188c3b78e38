"""Which formats there are: the built-in ones, and the user's own."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from trainwatch.formats.schema import Format, parse_format
from trainwatch.model.errors import DataFileError, Mistake, UsageError

BUILTIN = Path(__file__).with_name("builtin")
"""The formats that come with trainwatch: a plain path, as finding a package's files in general is a tenth of a short command."""

READERS = {
    "json": "JSON objects, one a line: our own export, trainer_log.jsonl, metrics files",
    "trainer_state": "the trainer_state.json of the Hugging Face Trainer",
    "bars": "tqdm bars with name=number behind them",
    "tables": "comma-separated values under a header, boxes of | name | value |",
    "grids": "rows under a line of names, parted by tabs, blanks or bars; YOLO's console",
    "listing": "a line such as [step=10/1000] and indented names and values under it: OLMo, Composer",
    "generic": "whatever has names and values, in lines of no known format: name=value, name: value, and what json, tables, grids and listing read",
}
"""Readers that are code, and what each reads."""

IMPLIED = {"generic": ("json", "tables", "grids", "listing")}
"""Readers that come with another one."""


def user_directory() -> Path:
    """Where the user's own formats lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "trainwatch" / "formats"


def load_file(path: Path) -> Format:
    """A format file. Raises DataFileError naming every mistake."""
    try:
        text = path.read_text("utf-8")
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

    A user's format goes before a built-in one and replaces one of its name. Raises DataFileError.
    """
    folder = user_directory()
    own: list[Format] = []
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            own.append(load_file(path))
        except DataFileError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise DataFileError(mistakes)
    taken = {fmt.name for fmt in own}
    return (*own, *(fmt for fmt in builtin(samples=samples) if fmt.name not in taken))


def source_of(name: str) -> str | None:
    """The text of a format's file; None when there is no such format."""
    own = user_directory() / f"{name}.toml"
    if own.is_file():
        return own.read_text("utf-8")
    entry = BUILTIN / f"{name}.toml"
    return entry.read_text("utf-8") if entry.is_file() else None


def choose(names: Sequence[str] | None) -> tuple[tuple[Format, ...], frozenset[str]]:
    """The formats and the coded readers of these names; all of them for None. Raises UsageError for a name that does not exist."""
    every = catalog(samples=False)
    if names is None:
        return every, frozenset(READERS)
    known = {fmt.name for fmt in every} | set(READERS)
    for name in names:
        if name not in known:
            raise UsageError(f"there is no format {name!r}; the formats are: {', '.join(sorted(known))}")
    readers = {reader for name in names for reader in (name, *IMPLIED.get(name, ()))} & READERS.keys()
    return tuple(fmt for fmt in every if fmt.name in names), frozenset(readers)


def _parse(text: str, origin: str, *, samples: bool = True) -> Format:
    """TOML text as a format, with its samples or without. Raises DataFileError."""
    try:
        data = tomllib.loads(text if samples else text.partition("\n[[sample]]")[0])
    except tomllib.TOMLDecodeError as error:
        raise DataFileError([Mistake(origin, "", f"not TOML: {error}")]) from error
    mistakes: list[Mistake] = []
    fmt = parse_format(data, origin, mistakes, samples=samples)
    if mistakes:
        raise DataFileError(mistakes)
    return fmt
