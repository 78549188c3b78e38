"""What a document is made of, before it is Markdown or HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """Text as the machine wrote it: a name, a path, a line of a log."""

    text: str


Inline = str | Code | tuple["str | Code", ...]
"""Text for people, text of machines, or both in a row. Nothing in it is markup."""


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph."""

    text: Inline


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has a cell for each title."""

    titles: tuple[str, ...]
    rows: tuple[tuple[Inline, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """A line of a log that speaks for itself."""

    text: str


Part = Para | Bullets | Table | Quote


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands under it."""

    title: str
    parts: tuple[Part, ...]


def bullets(items: Iterable[Inline]) -> list[Part]:
    """A list; nothing when it is empty."""
    found = tuple(items)
    return [Bullets(found)] if found else []


def table(titles: Sequence[str], rows: Iterable[Sequence[Inline]]) -> list[Part]:
    """A table; nothing without rows."""
    found = tuple(tuple(row) for row in rows)
    return [Table(tuple(titles), found)] if found else []
