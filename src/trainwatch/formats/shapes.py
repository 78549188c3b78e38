"""Lines against the shapes of the formats: the reference, one line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import isfinite

from trainwatch.formats.finder import Finder
from trainwatch.formats.gaps import begins_line
from trainwatch.formats.numbers import number
from trainwatch.formats.pairs import Parsed
from trainwatch.formats.plan import Plan, plan
from trainwatch.formats.quick import quick
from trainwatch.formats.record import Record
from trainwatch.formats.schema import Format, Shape
from trainwatch.formats.template import END

_ANY_TEXT, _FIGURES = rb"[^\r\n]*?", rb"[-+\d.,eE ()]{0,200}?"
"""Text that is not kept may be anything in a line that is read for the first time; where nobody looks any more it holds figures."""
_DIGITS = re.compile(rb"\d[\d.]*(?:\\\.\d+)?")
_ANY_NUMBER = rb"[\\d.]{1,40}+"

MAX_REST = 200
"""A longer rest of a line, in bytes, is not learned."""

MAX_LEARNED = 8
MAX_ATTEMPTS = 16
"""How often the head of a shape is tried in a line, but for tries that end where the next one begins: more is no log."""


@dataclass(frozen=True, slots=True)
class Match:
    """A shape found in a line: the record, or the facts, and what the block driver may learn from it: the values, the rest of the line."""

    shape: Shape
    record: Record | None
    facts: dict[str, float | str]
    parsed: Parsed | None = None
    rest: bytes = b""


@dataclass(frozen=True, slots=True)
class Learned:
    """A pattern for exactly one shape of record: it starts with a literal; each group is one number.

    `stepped` says whether records print their step. `lead` is how many bytes of the pattern stand before the record (the newline of a record that begins its line).
    """

    format: str
    pattern: re.Pattern[bytes]
    plan: Plan
    lead: int
    key: tuple[str, ...]
    stepped: bool
    finder: Finder | None

    @property
    def kind(self) -> bytes:
        """The kind of record, as it stands before the values of a printed record."""
        return (self.plan.kind or "info").encode()

    def step(self, data: bytes, at: int) -> int | None:
        """The step that the record at a position prints; None when it is no finite number."""
        slot = next(slot for slot in self.plan.slots if slot.name == "step")
        match = re.compile(self.pattern.pattern[self.lead :]).match(data, at)
        value = number(match[slot.index + 1]) if match is not None else None
        return int(value * slot.factor) if value is not None and isfinite(value) else None


class Shapes:
    """All shapes of some formats. With `only`, patterns that are learned may leave out columns of other names."""

    def __init__(self, formats: Sequence[Format], only: AbstractSet[str] = frozenset()) -> None:
        self._only = only
        self._shapes = [(fmt, shape) for fmt in formats for shape in fmt.shapes]
        heads = {shape.template.head for _, shape in self._shapes}
        self._headed = {
            head: {row for row, (_, shape) in enumerate(self._shapes) if head.startswith(shape.template.head)} for head in heads
        }
        self._any_head = re.compile(b"|".join(map(re.escape, sorted(heads, key=len, reverse=True))) or rb"(?!)")
        self._plans: dict[tuple[int, tuple[str, ...]], Plan] = {}

    def find(self, line: bytes) -> Iterator[Match]:
        """Every record and fact in a cleaned line, the first format that fits at a place wins."""
        taken = -1
        for row in self._possible(line):
            fmt, shape = self._shapes[row]
            head = shape.template.head
            position = line.find(head)
            attempts = 0
            while position >= 0 and attempts < MAX_ATTEMPTS:
                match = self._at(fmt, shape, line, position) if position >= taken else None
                if match is not None:
                    if match.record is not None:
                        taken = match.record.end
                    yield match
                    if not shape.anywhere:
                        break
                if shape.pairs is not None and shape.pairs.failed >= 0:
                    position, shape.pairs.failed = max(position, shape.pairs.failed - 1), -1
                else:
                    attempts += 1
                position = line.find(head, position + 1)

    def _possible(self, line: bytes) -> list[int]:
        """The shapes, in order, of which the head stands in the line: at each place the longest head, which tells the shorter ones."""
        rows: set[int] = set()
        found = self._any_head.search(line)
        while found is not None:
            rows |= self._headed[found[0]]
            found = self._any_head.search(line, found.start() + 1)
        return sorted(rows)

    def _at(self, fmt: Format, shape: Shape, line: bytes, position: int) -> Match | None:
        """The shape at a position of the line."""
        match = shape.template.pattern.match(line, position)
        if match is None or not (shape.anywhere or begins_line(line, position)):
            return None
        names, raw = shape.template.names, match.groups()
        numbers = [number(text) if unit is not None else None for text, unit in zip(raw, shape.template.units, strict=True)]
        if any(n is None and unit is not None for n, unit in zip(numbers, shape.template.units, strict=True)):
            return None
        parsed = Parsed(names, raw, (False,) * len(names), tuple(numbers), match.end())
        if shape.pairs is not None:
            more = shape.pairs.parse(line, match.end())
            if more is None:
                return None
            parsed = Parsed(names + more.names, raw + more.raw, parsed.quoted + more.quoted, parsed.numbers + more.numbers, more.end)
        return self._made(fmt, shape, parsed, (position, line))

    def _made(self, fmt: Format, shape: Shape, parsed: Parsed, place: tuple[int, bytes]) -> Match | None:
        """The match at a position of a line as record or facts."""
        if shape.is_fact:
            facts = {
                name: text.decode("utf-8", "replace") if n is None else n
                for name, text, n in zip(parsed.names, parsed.raw, parsed.numbers, strict=True)
            }
            return Match(shape, None, facts)
        if any(name not in parsed.names for name in shape.needs):
            return None
        found = self._plan(fmt, shape, parsed.names)
        if found.kind is None:
            return None
        values = {s.name: v * s.factor for s in found.slots if (v := parsed.numbers[s.index]) is not None}
        own = len(shape.template.names)
        texts = {
            s.name: parsed.raw[s.index].decode("utf-8", "replace") for s in found.slots if s.index < own and parsed.numbers[s.index] is None
        }
        if found.kind in ("train", "eval") and not values:
            return None
        position, line = place
        record = Record(found.kind, fmt.name, position, parsed.end, values, {**shape.constants, **texts})
        return Match(shape, record, {}, parsed, line[parsed.end :])

    def _plan(self, fmt: Format, shape: Shape, names: tuple[str, ...]) -> Plan:
        """The meaning of a set of names, remembered; forgotten when a log keeps inventing names."""
        key = (id(shape), names)
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) > 1000:
                self._plans.clear()
            units = [unit or 1.0 for unit in shape.template.units]
            known = self._plans[key] = plan(names, shape.kinds, fmt.rename, units)
        return known

    def learn(self, match: Match) -> Learned | None:
        """The pattern of lines like this one, for the block driver; None when its values are not all plain numbers."""
        record, parsed, shape = match.record, match.parsed, match.shape
        if record is None or parsed is None or record.texts or shape.split or any(n is None for n in parsed.numbers):
            return None
        pattern = shape.template.source
        if shape.pairs is not None:
            count = len(shape.template.names)
            own = Parsed(parsed.names[count:], parsed.raw[count:], parsed.quoted[count:], parsed.numbers[count:], parsed.end)
            rest = shape.pairs.learned(own)
            if rest is None:
                return None
            pattern += rest + END
        fmt = next(f for f, s in self._shapes if s is shape)
        closed = self._closed(pattern.replace(_ANY_TEXT, _FIGURES), match.rest)
        if closed is None:
            return None
        pattern = closed
        lead = b"" if shape.anywhere else b"\n"
        meaning = self._plan(fmt, shape, parsed.names)
        key = (fmt.name, *parsed.names, str(parsed.quoted))
        stepped = any(slot.name == "step" for slot in meaning.slots)
        fast = quick(pattern, anywhere=shape.anywhere)
        return Learned(
            fmt.name,
            re.compile(lead + pattern),
            meaning,
            len(lead),
            key,
            stepped,
            Finder(fast, meaning, self._only) if fast is not None else None,
        )

    def _closed(self, pattern: bytes, rest: bytes) -> bytes | None:
        """The pattern of a shape with an open end, closed by what stood there, its numbers aside; None when that may hold a record."""
        if pattern.endswith(END):
            return pattern
        if len(rest) > MAX_REST or any(shape.template.head in rest for _, shape in self._shapes):
            return None
        return pattern + _DIGITS.sub(_ANY_NUMBER, re.escape(rest.rstrip())) + END
