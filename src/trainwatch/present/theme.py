"""Themes: data files that turn the role of a cell into colours and attributes.

A theme is a TOML file: `name`, `about`, optionally `foreground` and `background` (else the terminal's own), and a table per group of
roles. A style has the keys `color`, `background` (`#rrggbb` or one of the sixteen ANSI names), `bold`, `dim`, `italic`, `underline`,
`reverse`. Only colours are in it: glyphs and words never change with the theme.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from trainwatch.model.errors import DataFileError, Mistake, NotFoundError
from trainwatch.model.snapshot import PhaseName, State
from trainwatch.model.verdict import Severity

GROUPS: Mapping[str, tuple[str, ...]] = {
    "text": ("plain", "dim", "strong", "title", "rule", "key", "best", "log", "match", "focus"),
    "series": ("train", "band", "eval", "other"),
    "gpu": ("bar", "rest"),
    "phase": get_args(PhaseName),
    "severity": tuple(s.word for s in Severity),
    "state": get_args(State),
}
"""Every role, by group; a theme names them all and no others."""

ANSI = tuple(f"{bright}{c}" for bright in ("", "bright_") for c in ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"])
"""The sixteen colours that every terminal has, in its own shades."""

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_TOP = {"name", "about", "foreground", "background", *GROUPS}


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks. An empty colour is the theme's own."""

    color: str = ""
    background: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Theme:
    """A style for every role (`group.role`). `foreground` and `background` are empty where the terminal's own are used."""

    name: str
    about: str
    foreground: str
    background: str
    styles: Mapping[str, Style]


def directories() -> tuple[Path, ...]:
    """Where themes are looked for: the user's own first, then those that come with the package."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "trainwatch" / "themes"
    package = Path(__file__).parents[1] / "_themes"
    return (config, package if package.is_dir() else Path(__file__).parents[3] / "themes")


def available() -> dict[str, Path]:
    """The themes by name; a user's file hides one of the package."""
    found: dict[str, Path] = {}
    for directory in directories():
        for path in sorted(directory.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def load(name_or_path: str) -> Theme:
    """A theme by name, or from a file whose name ends in `.toml`.

    Raises NotFoundError for a name that no file has, DataFileError with all mistakes of the file.
    """
    path = Path(name_or_path) if name_or_path.endswith(".toml") else available().get(name_or_path)
    if path is None:
        raise NotFoundError(f"no theme {name_or_path!r}: there are {', '.join(available())}; see trainwatch themes list")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFoundError(f"cannot read theme {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataFileError([Mistake(str(path), "", f"not TOML: {error}")]) from error
    return parse(data, str(path))


def parse(data: Mapping[str, Any], file: str) -> Theme:
    """The theme that a TOML document describes; `file` is named in mistakes."""
    mistakes = [Mistake(file, key, "no such key") for key in data if key not in _TOP]
    mistakes += [Mistake(file, key, "missing") for key in ("name", "about") if not isinstance(data.get(key), str)]
    for key in ("foreground", "background"):
        mistakes += _colour(file, key, data.get(key, ""))
    styles: dict[str, Style] = {}
    for group, roles in GROUPS.items():
        table = data.get(group)
        if not isinstance(table, dict):
            mistakes.append(Mistake(file, group, "missing table"))
            continue
        mistakes += [Mistake(file, f"{group}.{role}", "no such role") for role in table if role not in roles]
        for role in roles:
            styles[f"{group}.{role}"] = _style(file, f"{group}.{role}", table.get(role), mistakes)
    if mistakes:
        raise DataFileError(mistakes)
    return Theme(data["name"], data["about"], data.get("foreground", ""), data.get("background", ""), styles)


def _style(file: str, key: str, table: object, mistakes: list[Mistake]) -> Style:
    """One style; what is wrong with it is added to the mistakes."""
    if not isinstance(table, dict):
        mistakes.append(Mistake(file, key, "missing: give a style, {} for a plain one"))
        return Style()
    found: list[Mistake] = []
    for name, value in table.items():
        if name in ("color", "background"):
            found += _colour(file, f"{key}.{name}", value)
        elif name not in {f.name for f in fields(Style)}:
            found.append(Mistake(file, f"{key}.{name}", "no such key"))
        elif not isinstance(value, bool):
            found.append(Mistake(file, f"{key}.{name}", "must be true or false"))
    mistakes += found
    return Style() if found else Style(**table)


def _colour(file: str, key: str, value: object) -> list[Mistake]:
    """Nothing for a colour, else the mistake."""
    if isinstance(value, str) and (value == "" or value in ANSI or _HEX.fullmatch(value)):
        return []
    return [Mistake(file, key, f"{value!r} is no colour: write #rrggbb or one of {', '.join(ANSI)}")]
