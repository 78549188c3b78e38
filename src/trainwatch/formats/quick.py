"""Patterns that find all records of one shape at once: values are runs of letters and figures between its literals.

`float` proves afterwards that the strict pattern of the shape had taken the same values.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trainwatch.formats.numbers import LONGEST
from trainwatch.formats.ranks import tag
from trainwatch.formats.template import END

_SLOT = re.compile(rb" \*\+\(\[\^(?:\\.|[^\]\\])*\]\+\+\)")
_NOT_LITERAL = re.compile(rb"(?<!\\)[\[(+*]")
_FIGURES = (string.ascii_letters + string.digits).encode()


@dataclass(frozen=True, slots=True)
class Quick:
    """A pattern whose groups are the values of a record.

    `literals` stand, escaped, before the first value, between two, and behind the last. `constants` maps the index of a value to its text
    where that is part of the pattern. `wanted` are the indices of the values that are groups. `anywhere` says that something may stand
    before the record; `whole` finds only records that begin their line, or stand in it behind one of the `prefixes`, which are skeletons.
    """

    literals: tuple[bytes, ...]
    anywhere: bool
    wanted: frozenset[int]
    constants: Mapping[int, bytes] = field(default_factory=dict)
    prefixes: tuple[bytes, ...] = ()
    pattern: re.Pattern[bytes] = field(init=False)
    whole: re.Pattern[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Compile."""
        head, *rest = self.literals
        source = b"".join(self._value(index, literal) + literal for index, literal in enumerate(rest)) + rb"(?=\n)"
        starts = b"|".join(b"(?<=\\n%b%b)" % (re.escape(prefix).replace(b"0", rb"\d"), head) for prefix in (b"", *self.prefixes))
        whole = re.compile(head + b"(?:" + starts + b")" + source)
        object.__setattr__(self, "whole", whole)
        object.__setattr__(self, "pattern", re.compile(head + source) if self.anywhere else whole)

    @property
    def is_tagged(self) -> bool:
        """Whether a prefix names a rank."""
        return any(map(tag, self.prefixes))

    def _value(self, index: int, following: bytes) -> bytes:
        """The pattern of a value, which the first letter of the literal behind it ends."""
        constant = self.constants.get(index)
        if constant is not None:
            return b" *+" + re.escape(constant)
        if index not in self.wanted:
            return b" *+[0-9.eEnaifNIF+-]{1,%d}+" % LONGEST
        return b" *+([%b.+-]{1,%d}+)" % (_FIGURES.replace(following[:1], b""), LONGEST)

    def columns(self, found: Iterable[Sequence[bytes]], rows: int) -> dict[int, Sequence[bytes]]:
        """The wanted values by their index: what was found, and what is constant."""
        free, constants = iter(found), self.constants
        return {i: (constants[i],) * rows if i in constants else next(free) for i in sorted(self.wanted)}


def quick(source: bytes, *, anywhere: bool) -> Quick | None:
    """The quick pattern for a strict one; None where a record does not end its line, or is more than literals and values."""
    if not source.endswith(END):
        return None
    literals = tuple(_SLOT.split(source.removesuffix(END)))
    if len(literals) < 2 or any(map(_NOT_LITERAL.search, literals)) or not all(literals[:-1]):
        return None
    return Quick(literals, anywhere, frozenset(range(len(literals) - 1)))
