"""The settings in a YAML or JSON file, as names and values with their lines. Nothing is loaded as an object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from trainwatch.formats.numbers import number

Setting = tuple[bytes, bytes, int]
"""(name, value, 1-based line)"""

DEPTH = 16
"""How deep a section may lie."""

RESULTS = frozenset({b"loss", b"train_loss", b"eval_loss", b"global_step"})
"""A file with a number of such a name holds what a run came to, not what it was told."""

_LINE = re.compile(
    rb"^([ ]{0,40})(?:- )?['\"]?([\w./-]{1,80})['\"]?[ ]{0,40}:(?:[ \t]{1,40}(\S[^\r\n]{0,300}?))?(?:[ \t]{1,40}#[^\r\n]*)?[ \t]*\r?$",
    re.MULTILINE,
)
_TEXT = re.compile(rb"[|>][+-]?\d?")


def settings(suffix: str, text: bytes) -> list[Setting]:
    """Every setting of a file, at any depth, in its order; nothing for results, and for what is not what its name says."""
    found = list(_json(text) if suffix == ".json" else _yaml(text))
    return [] if any(name in RESULTS and number(value) is not None for name, value, _ in found) else found


def _json(text: bytes) -> Iterator[Setting]:
    """The names in an object and in the objects in it; lists hold no settings."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    line, done = 1, 0
    for name, inner in _pairs(value, DEPTH):
        at = _named(name, text, done)
        line, done = line + text.count(b"\n", done, at), at
        if isinstance(inner, (bool, int, float, str)):
            yield name.encode("utf-8", "replace"), _word(inner), line


def _named(name: str, text: bytes, at: int) -> int:
    """Where the next name in an object ends; the end of the text when it is not written as it reads."""
    quoted = json.dumps(name).encode()
    while (at := text.find(quoted, at)) >= 0:
        at += len(quoted)
        if text[at : at + 8].lstrip().startswith(b":"):
            return at
    return len(text)


def _pairs(value: object, depth: int) -> Iterator[tuple[str, object]]:
    """The names and values of an object, each followed by those in it."""
    if isinstance(value, dict) and depth:
        for name, inner in value.items():
            yield name, inner
            yield from _pairs(inner, depth - 1)


def _word(value: float | str) -> bytes:
    """A value as it would be printed."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace")


def _yaml(text: bytes) -> Iterator[Setting]:
    """The `name: value` lines of a file that stand in no block of text."""
    block = -1
    for at, line in enumerate(text.split(b"\n"), 1):
        indent = len(line) - len(line.lstrip(b" "))
        if block >= 0 and (indent > block or not line.strip()):
            continue
        block = -1
        match = _LINE.match(line)
        if match is not None and match[3]:
            block = indent if _TEXT.fullmatch(match[3]) else -1
            yield match[2], match[3], at
