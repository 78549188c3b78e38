"""One shape over a whole stretch at once: values are runs of letters and figures between its literals, and proven to be numbers afterwards.

`float` proves that the strict pattern of the shape had taken the same values; if it refuses one, nothing is returned. That nothing else
stands between the records is proven by counting lines; only where the count differs is each gap looked at.
"""

from __future__ import annotations

import re
import string
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from trainwatch.formats import even
from trainwatch.formats.columns import columns as columns_of
from trainwatch.formats.gaps import CLEAR, NEWLINE, Known, may_precede, skeleton
from trainwatch.formats.numbers import LONGEST
from trainwatch.formats.places import LineOffsets
from trainwatch.formats.plan import Plan, Slot
from trainwatch.formats.ranks import tag, tag_in
from trainwatch.formats.template import END
from trainwatch.formats.text import newlines

_SLOT = re.compile(rb" \*\+\(\[\^(?:\\.|[^\]\\])*\]\+\+\)")
_NOT_LITERAL = re.compile(rb"(?<!\\)[\[(+*]")
_FIGURES = (string.ascii_letters + string.digits).encode()

_DIGIT = re.compile(rb"\d")

REST = 16
"""So many stretches are not tried as even lines after one that was not."""

MAX_PREFIXES = 8
"""A log with more kinds of texts before its records has none that are part of a pattern."""

MAX_FOLDS = 16
"""So often constants are taken into a pattern; a log whose constants change more often has none."""


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


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one shape, all that a stretch holds of it, each at the end of its line.

    `texts` are the values as printed, by their index in the record, `is_whole` says that none is left out; `offsets` positions in the source, which `data[0]` is byte `base` of.
    `odd` are, by the row behind them, the gaps that hold more than frames of a bar; there are lines between the records only there.
    A gap begins with the byte before the stretch, or with the newline of the record before it. `adjacent` says whether records stand on
    neighbouring lines with nothing before them. `ranks` are those that the prefixes of the records name, empty when none names one.
    """

    base: int
    texts: dict[int, Sequence[bytes]]
    is_whole: bool
    columns: dict[str, array[float]]
    offsets: Sequence[int]
    odd: Mapping[int, bytes]
    adjacent: bool
    ranks: Sequence[bytes | None] = ()

    def __len__(self) -> int:
        """The number of records."""
        return len(self.offsets)

    def rows(self, first: int, stop: int) -> Run:
        """Some of the records."""
        if first == 0 and stop == len(self):
            return self
        part = slice(first, stop)
        columns = {name: column[part] for name, column in self.columns.items()}
        odd = {row - first: gap for row, gap in self.odd.items() if first <= row <= stop}
        texts = {index: column[part] for index, column in self.texts.items()}
        return Run(self.base, texts, self.is_whole, columns, self.offsets[part], odd, self.adjacent, self.ranks[part])

    def lines(self, data: bytes, start: int, stop: int) -> int:
        """How many lines end in `data[start:stop]`, which holds these records, their own included."""
        first, last = self.offsets[0] - self.base, self.offsets[-1] - self.base
        between = sum(gap.count(b"\n") - 1 for row, gap in self.odd.items() if 0 < row < len(self))
        return data.count(b"\n", start, first) + between + len(self) - 1 + data.count(b"\n", last, stop)

    def printed(self, first: int, stop: int | None) -> list[Sequence[bytes]]:
        """Records as the strict pattern would have captured them."""
        return list(zip(*(texts[first:stop] for texts in self.texts.values()), strict=True))

    @property
    def is_distinct(self) -> bool:
        """Whether some column shows that no two records are the same."""
        return any(len(set(texts)) == len(texts) for texts in self.texts.values())

    def loud(self, data: bytes, stop: int, known: Known) -> Iterator[tuple[int, int, int]]:
        """The extents in the stretch, which ends at `stop`, that must be read line by line, and the row before which, or on whose line, each stands."""
        last = len(self)
        for row, gap in self.odd.items():
            at = self.offsets[row] - self.base if row < last else stop
            for begin, end in known.loud(gap, is_last=row == last):
                stands = at - len(gap)
                yield stands + begin, stands + end if end >= 0 else data.find(b"\n", at, stop) + 1 or stop, row


def quick(source: bytes, *, anywhere: bool) -> Quick | None:
    """The quick pattern for a strict one; None where a record does not end its line, or is more than literals and values."""
    if not source.endswith(END):
        return None
    literals = tuple(_SLOT.split(source.removesuffix(END)))
    if len(literals) < 2 or any(map(_NOT_LITERAL.search, literals)) or not all(literals[:-1]):
        return None
    return Quick(literals, anywhere, frozenset(range(len(literals) - 1)))


class Finder:
    """Finds the runs of one shape; values that do not change become part of the pattern, until they do.

    With `only`, columns of other names are left out, except the epoch of records that print no step.
    """

    def __init__(self, shape: Quick, plan: Plan, only: AbstractSet[str] = frozenset()) -> None:
        slots = _wanted(plan, only)
        self._whole, self._narrow = shape, replace(shape, wanted=frozenset(slot.index for slot in slots))
        self._shape, self._plan = self._narrow, replace(plan, slots=slots)
        self._admitted: AbstractSet[bytes] = frozenset()
        self._folded: Quick | None = None
        self._constants: dict[int, bytes] = {}
        self._folds = 0
        self._fills_lines = True
        self._rest = 0

    def admit(self, prefixes: AbstractSet[bytes]) -> None:
        """Records may stand behind these skeletons in their lines. Where some name ranks, every value tells copies apart."""
        if prefixes == self._admitted:
            return
        self._admitted = frozenset(prefixes)
        known = tuple(sorted(prefix for prefix in prefixes if may_precede(prefix, anywhere=self._shape.anywhere)))
        known = known if len(known) <= MAX_PREFIXES else ()
        if known != self._shape.prefixes:
            self._shape = replace(self._whole if any(map(tag, known)) else self._narrow, prefixes=known)
            self._folded, self._rest = None, 0

    def find(self, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The run in `data[start:stop]`, where `start` is at least 1; None when there is none, or a value is no plain number."""
        found = self._even(data, (start, stop), base)
        if found is not None:
            return self._run(self._shape, found, base)
        if self._folded is not None:
            run = self._find(self._folded, data, (start, stop), base)
            if run is not None and not any(map(self._shape.pattern.search, run.odd.values())):
                return run
        run = self._find(self._shape, data, (start, stop), base)
        if run is not None:
            self._fold(run)
        return run

    def _fold(self, run: Run) -> None:
        """Take into the pattern what two stretches say alike."""
        constants = {index: texts[0] for index, texts in run.texts.items() if texts[0] == texts[-1] and texts.count(texts[0]) == len(texts)}
        alike = {index: text for index, text in constants.items() if self._constants.get(index) == text}
        self._constants = constants
        if len(alike) == len(run.texts):
            alike.popitem()
        if self._folded is not None and self._folded.constants.items() <= constants.items():
            return
        self._folded = None
        if alike and self._folds < MAX_FOLDS:
            self._folds += 1
            self._folded = replace(self._shape, constants=alike)

    def _find(self, shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> Run | None:
        """The run of a shape in a stretch. Every line is taken for a record as long as every line was one."""
        found = _filling(shape, data, extent, base) if self._fills_lines else None
        if found is None:
            found = _scattered(shape, data, extent, base)
            self._fills_lines = found is not None and found.fills_lines
        return self._run(shape, found, base) if found is not None else None

    def _even(self, data: bytes, extent: tuple[int, int], base: int) -> _Found | None:
        """The records of a stretch of even lines; behind one that is not, some more are not tried."""
        if self._rest:
            self._rest -= 1
            return None
        found = _even(self._shape, data, extent, base)
        self._rest = REST if found is None else 0
        return found

    def _run(self, shape: Quick, found: _Found, base: int) -> Run | None:
        """What was found, as a run; None when a value is no number."""
        texts = shape.columns(found.texts, len(found.offsets))
        try:
            columns = columns_of(self._plan, texts, float)
        except ValueError:
            return None
        return Run(base, texts, len(texts) == len(shape.literals) - 1, columns, found.offsets, found.odd, found.adjacent, found.ranks)


def _wanted(plan: Plan, only: AbstractSet[str]) -> tuple[Slot, ...]:
    """The slots that are asked for; all of them where none has one of the names."""
    stepped = any(slot.name == "step" for slot in plan.slots)
    names = only if stepped else only | {"epoch"}
    return tuple(slot for slot in plan.slots if slot.name in names) if any(slot.name in only for slot in plan.slots) else plan.slots


class _Found(NamedTuple):
    """What a pattern found in a stretch, as in a run, and whether every line is a record."""

    texts: Iterable[Sequence[bytes]]
    offsets: Sequence[int]
    odd: dict[int, bytes]
    adjacent: bool
    fills_lines: bool
    ranks: Sequence[bytes | None] = ()


def _even(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> _Found | None:
    """The records of a stretch in few pieces of even lines; None where there are none, or some name a rank and some do not."""
    start, stop = extent
    pieces = even.pieces(shape.whole, data, start, stop) if not any(map(_DIGIT.search, shape.literals)) else None
    parts = [piece for piece in pieces or () if piece.values]
    if pieces is None or len({part.is_tagged for part in parts}) != 1:
        return None
    rows, texts = sum(part.rows for part in parts), even.texts(parts, data)
    ranks = texts.pop(0) if parts[0].is_tagged else ()
    if len(parts) == len(pieces) and not any(part.lead for part in parts):
        return _Found(texts, LineOffsets(data, base, start, stop, rows), {}, adjacent=rows > 1, fills_lines=True)
    offsets, odd, end = array("q"), {}, start - 1
    for part in parts:
        if part.begin > end + 1:
            odd[len(offsets)] = data[end : part.begin + part.lead]
        offsets.extend(range(base + part.begin + part.lead, base + part.end, part.width))
        end = part.end - 1
    if stop > end + 1:
        odd[rows] = data[end:stop]
    bare = [part for part in parts if not part.lead]
    adjacent = any(part.rows > 1 for part in bare) or any(before.end == part.begin for before, part in pairwise(bare))
    return _Found(texts, offsets, odd, adjacent, fills_lines=False, ranks=ranks)


def _filling(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> _Found | None:
    """The records of a stretch in which every line is one; None when one is not."""
    start, stop = extent
    parts = shape.whole.split(memoryview(data)[start - 1 : stop])
    width = shape.whole.groups + 1
    rows = len(parts) // width
    if not rows or data[stop - 1] != NEWLINE or newlines(data[start:stop]) != rows:
        return None
    texts, gaps = [parts[group::width] for group in range(1, width)], parts[:-1:width]
    lines = LineOffsets(data, base, start, stop, rows)
    if gaps.count(b"\n") == rows:
        return _Found(texts, lines, {}, adjacent=rows > 1, fills_lines=True)
    offsets = array("q", (begin + len(gap) - 1 for begin, gap in zip(lines.counted, gaps, strict=True)))
    return _Found(texts, offsets, {}, adjacent=True, fills_lines=True, ranks=_ranks(shape, gaps))


def _scattered(shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> _Found | None:
    """The records of a stretch among other things; None when there is none."""
    start, stop = extent
    matches = list(shape.pattern.finditer(data, start, stop))
    if not matches:
        return None
    begins = list(map(re.Match.start, matches))
    before = {data[at - 1] for at in begins[1:]}
    alone = before <= CLEAR and data[begins[0] - 1] in CLEAR and matches[-1].end() + 1 == stop and newlines(data[start:stop]) == len(begins)
    texts, offsets = zip(*[match.groups() for match in matches], strict=True), array("q", map(base.__add__, begins))
    if alone and data.find(b"=", start, stop) < 0:
        return _Found(texts, offsets, {}, NEWLINE in before, fills_lines=before == {NEWLINE})
    ends = [start - 1, *map(re.Match.end, matches)]
    stops = [*begins, stop]
    gaps = [data[end:begin] for end, begin in zip(ends, stops, strict=True)] if shape.prefixes else []
    adjacent = NEWLINE in before and not {end + 1 for end in ends[1:]}.isdisjoint(begins)
    odd = _odd(data, ends, stops, _behind_others(shape, gaps) if gaps else range(len(stops)))
    return _Found(texts, offsets, odd, adjacent, fills_lines=bool(gaps) and not odd, ranks=_ranks(shape, gaps[:-1]))


def _behind_others(shape: Quick, gaps: Sequence[bytes]) -> list[int]:
    """The gaps that are more than a known prefix."""
    quiet = {gap for gap in set(gaps) if gap[:1] == b"\n" and skeleton(gap[1:]) in shape.prefixes}
    return [row for row, gap in enumerate(gaps) if gap not in quiet]


def _ranks(shape: Quick, gaps: Sequence[bytes]) -> Sequence[bytes | None]:
    """The ranks that stand in the gaps before the records; nothing when none does."""
    known = {gap: tag_in(gap) for gap in set(gaps)} if shape.is_tagged else {}
    return [known[gap] for gap in gaps] if any(known.values()) else ()


def _odd(data: bytes, starts: list[int], stops: list[int], some: Iterable[int]) -> dict[int, bytes]:
    """Of some gaps `data[start:stop]`, those that may hold more than frames of a bar, by the row behind them."""
    find, last = data.find, len(stops) - 1
    valued = b"=" in data[starts[0] : stops[-1]]
    rows = [
        row
        for row in some
        if find(b"\n", starts[row] + 1, stops[row]) >= 0
        or data[stops[row] - 1] not in CLEAR
        or (valued and find(b"=", starts[row], stops[row]) >= 0)
    ]
    if stops[last] - starts[last] > 1 and rows[-1:] != [last]:
        rows.append(last)
    return {row: data[starts[row] : stops[row]] for row in rows}
