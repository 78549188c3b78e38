"""Lists of names and values, such as `'loss': 1.5, 'epoch': 0.1` or `loss: 1.5 | dt: 2.0ms |`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from trainwatch.formats.numbers import number

MAX_PAIRS = 512
_COUNT = re.compile(rb"(\d{1,15})/\d{1,15}")
"""How far something is, and where it ends."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The pairs of one record: printed names, and per name its raw text, whether it stood in quotes, and its number if it is one."""

    names: tuple[str, ...]
    raw: tuple[bytes, ...]
    quoted: tuple[bool, ...]
    numbers: tuple[float | None, ...]
    end: int


class PairSyntax:
    """How the pairs of a format are printed: `pair` with `<name>` and `<value>`, and what stands `between` two of them."""

    def __init__(self, pair: str, between: str, tail: str) -> None:
        """Raises ValueError when `pair` lacks a slot."""
        before, found, rest = pair.partition("<name>")
        colon, value, after = rest.partition("<value>")
        if not found or not value:
            raise ValueError("a pair needs <name> and <value>")
        self.before, self.colon, self.after = before.encode(), colon.encode(), after.encode()
        self.between, self.tail = between.encode(), tail.encode()
        glued = [text[:1] for text in (self.between, self.tail) if text and not text[:1].isspace()]
        self._stops = rb"\s_'\"{}\[\]" + b"".join(map(re.escape, glued))
        name = rb"([A-Za-z_][^\s'\"{}\[\]=:|,]*+(?: [A-Za-z(][^\s'\"{}\[\]=:|,]*+){0,5}+)"
        if self.before.strip():
            name = rb"([A-Za-z_][^'\"{}\r\n]{0,80}+)"
        self._name = name
        self.failed = -1
        """Where the pairs ended that were read last without making a record; -1 when they made one."""

    @cached_property
    def _pair(self) -> re.Pattern[bytes]:
        """One name and value."""
        return re.compile(self._literal(self.before) + self._name + self._literal(self.colon) + self._value() + self._literal(self.after))

    @cached_property
    def _separator(self) -> re.Pattern[bytes]:
        """What stands between two pairs."""
        return re.compile(self._literal(self.between))

    @staticmethod
    def _literal(text: bytes) -> bytes:
        """A literal in which two blanks, or one at its end, match any number."""
        return rb" ++".join(re.escape(part) for part in re.split(rb"  +", text))

    def _value(self) -> bytes:
        """A quoted text, a list, or a bare word; the next separator ends it."""
        return rb" *+(?:'([^'\r\n]*+)'|\"([^\"\r\n]*+)\"|(\[[^\]\r\n]*+\])|([^" + self._stops.replace(rb"_", b"", 1) + rb"]++))"

    def parse(self, line: bytes, position: int) -> Parsed | None:
        """Read pairs from `position` up to the tail; None when the text is something else."""
        names: list[str] = []
        raw: list[bytes] = []
        quoted: list[bool] = []
        self.failed = -1
        while len(names) < MAX_PAIRS:
            match = self._pair.match(line, position)
            if match is None:
                self.failed = position
                return None
            single, double, several, bare = match.group(2, 3, 4, 5)
            text = next(v for v in (single, double, several, bare) if v is not None)
            names.append(match[1].decode("utf-8", "replace"))
            raw.append(text)
            quoted.append(bare is None)
            position = match.end()
            separator = self._separator.match(line, position)
            if separator is None or (self.tail and line.startswith(self.tail, position) and not self._pair.match(line, separator.end())):
                break
            position = separator.end()
        position = self._end(line, position)
        if position < 0:
            return None
        return Parsed(tuple(names), tuple(raw), tuple(quoted), tuple(map(_number, raw)), position)

    def _end(self, line: bytes, position: int) -> int:
        """Where the record ends: after the tail, which must be there; -1 when it is not."""
        return position + len(self.tail) if line.startswith(self.tail, position) else -1

    def learned(self, parsed: Parsed) -> bytes | None:
        """The pattern of exactly these names in this order and quoting, one group each; None when a value is no plain number."""
        pieces = []
        slot = rb" *+([^" + self._stops + rb"]++)"
        for name, raw, is_quoted, value in zip(parsed.names, parsed.raw, parsed.quoted, parsed.numbers, strict=True):
            if value is None or raw[:1] == b"[" or _COUNT.fullmatch(raw):
                return None
            quote = b"'" if is_quoted else b""
            pieces.append(
                self._literal(self.before + name.encode() + self.colon)
                + (b"'" + slot + quote if is_quoted else slot)
                + self._literal(self.after)
            )
        return self._literal(self.between).join(pieces) + re.escape(self.tail)


def _number(text: bytes) -> float | None:
    """A value as a number, `5` for `5/100`; None when it is none."""
    count = _COUNT.fullmatch(text)
    return float(count[1]) if count is not None else number(text)
