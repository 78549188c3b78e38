"""Formats that other installed packages bring: TOML files in a package that is named under the entry point `trainwatch.formats`.

    [project.entry-points."trainwatch.formats"]
    mylab = "trainwatch_mylab.formats"

Nothing of such a package is imported or run: only its files are read. The folders of installed packages are looked through by hand, in
2 ms, because `importlib.metadata` takes 30 ms and imports an e-mail parser.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

GROUP = "trainwatch.formats"


def plugin_files(places: Sequence[str] | None = None) -> list[Path]:
    """Every TOML file of every such package, by package and name. `places` are where packages lie, `sys.path` by default."""
    return list(_files(tuple(sys.path if places is None else places)))


@cache
def _files(places: tuple[str, ...]) -> tuple[Path, ...]:
    """The same, looked for once: every source that is read asks."""
    folders = [Path(place) for place in places]
    packages = sorted({module for folder in folders for module in _named(folder)})
    return tuple(file for module in packages for file in sorted(_folder(module, folders).glob("*.toml")))


def _named(folder: Path) -> Iterator[str]:
    """The modules that the packages installed in a folder name."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  paths as texts take a third of the time of Path.glob, in every command that reads
    except OSError:
        return
    for name in names:
        text = _text(f"{folder}/{name}/entry_points.txt") if name.endswith(".dist-info") else ""
        if GROUP in text:
            yield from _modules(text)


def _text(path: str) -> str:
    """What a file says; nothing where it is not there, or no text."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read().decode()
    except (OSError, UnicodeDecodeError):
        return ""


def _modules(text: str) -> list[str]:
    """The values of our group; none in a file that makes no sense."""
    import configparser  # noqa: PLC0415  hardly anybody has such a package

    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    return [value.partition(":")[0].strip() for _, value in parser.items(GROUP)] if parser.has_section(GROUP) else []


def _folder(module: str, folders: Sequence[Path]) -> Path:
    """Where a package lies, as Python would look for it; a place that is not there when it is not installed."""
    below = Path(*module.split("."))
    return next((folder / below for folder in folders if (folder / below).is_dir()), below)
