"""One shape over a whole stretch at once: what stands between its literals is taken as it is, and proven to be numbers afterwards.

The strict pattern of a shape tests every byte of a value; here a value is all that stands before the next literal, which is several times
faster. `float` and a look at each column prove that the strict pattern had found the same; if not, nothing is returned.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, count
from operator import add

from trainwatch.formats.gaps import CLEAR, Known
from trainwatch.formats.numbers import LONGEST
from trainwatch.formats.plan import Plan
from trainwatch.formats.template import END

_SLOT = re.compile(rb" \*\+\(\[\^(?:\\.|[^\]\\])*\]\+\+\)")
_NOT_LITERAL = re.compile(rb"(?<!\\)[\[(+*]")
MAX_FOLDS = 16
"""So often constants are taken into a pattern; a log whose constants change more often has none."""

_REFUSED = (b"_", b"\t", b"\n", b"\r", b"\v", b"\f", b" ,")
"""What `float` lets pass and the strict pattern does not: in the values of a column, joined by commas."""


@dataclass(frozen=True, slots=True)
class Quick:
    """A pattern whose groups are the values of a record with the blanks before them.

    `literals` stand, escaped, before the first value, between two, and behind the last. `constants` maps the index of a value to its text
    where that is part of the pattern. `anywhere` says that something may stand before the record,
    `fixed` counts the bytes of a record that are in no group.
    """

    literals: tuple[bytes, ...]
    anywhere: bool
    constants: Mapping[int, bytes] = field(default_factory=dict)
    pattern: re.Pattern[bytes] = field(init=False)
    fixed: int = field(init=False)

    def __post_init__(self) -> None:
        """Compile."""
        head, *rest = self.literals
        source = head + (b"" if self.anywhere else b"(?<=\\n" + head + b")")
        for index, literal in enumerate(rest):
            constant = self.constants.get(index)
            source += (_value(literal) if constant is None else re.escape(constant)) + literal
        fixed = sum(len(re.sub(rb"\\(.)", rb"\1", literal, flags=re.DOTALL)) for literal in self.literals)
        object.__setattr__(self, "pattern", re.compile(source + rb"(?=\n)"))
        object.__setattr__(self, "fixed", fixed + sum(map(len, self.constants.values())))

    @property
    def free(self) -> list[int]:
        """The indices of the values that are groups."""
        return [index for index in range(len(self.literals) - 1) if index not in self.constants]


@dataclass(frozen=True, slots=True)
class Run:
    """Records of one shape, all that a stretch holds of it.

    `gaps` stand before each of them and behind the last; the first begins with the byte before the stretch, the others with a newline.
    `texts` are the values as printed, column by column; `offsets` positions in the source, which `data[0]` is byte `base` of.
    `odd` are the gaps that hold more than frames of a bar; there are lines between the records only there.
    """

    base: int
    gaps: list[bytes]
    texts: list[list[bytes]]
    columns: dict[str, array[float]]
    offsets: array[int]
    odd: list[int]

    def __len__(self) -> int:
        """The number of records."""
        return len(self.offsets)

    def rows(self, first: int, stop: int) -> Run:
        """Some of the records."""
        if first == 0 and stop == len(self):
            return self
        part = slice(first, stop)
        columns = {name: column[part] for name, column in self.columns.items()}
        odd = [row - first for row in self.odd if first <= row <= stop]
        return Run(self.base, self.gaps[first : stop + 1], [texts[part] for texts in self.texts], columns, self.offsets[part], odd)

    def lines(self, data: bytes, start: int, stop: int) -> int:
        """How many lines end in `data[start:stop]`, which holds these records, their own included."""
        first, last = self.offsets[0] - self.base, self.offsets[-1] - self.base
        between = sum(self.gaps[row].count(b"\n") - 1 for row in self.odd if 0 < row < len(self))
        return data.count(b"\n", start, first) + between + len(self) - 1 + data.count(b"\n", last, stop)

    def printed(self, first: int, stop: int | None) -> list[tuple[bytes, ...]]:
        """Records as the strict pattern would have captured them."""
        return list(zip(*([text.lstrip(b" ") for text in texts[first:stop]] for texts in self.texts), strict=True))

    @property
    def has_adjacent(self) -> bool:
        """Whether records stand on neighbouring lines."""
        return b"\n" in self.gaps[1:-1]

    @property
    def is_distinct(self) -> bool:
        """Whether some column shows that no two records are the same."""
        return any(len(set(texts)) == len(texts) for texts in self.texts)

    def loud(self, data: bytes, stop: int, known: Known) -> Iterator[tuple[int, int, int]]:
        """The extents in the stretch, which ends at `stop`, that must be read line by line, and the row before which, or on whose line, each stands."""
        last = len(self)
        for row in self.odd:
            gap = self.gaps[row]
            at = self.offsets[row] - self.base if row < last else stop
            for begin, end in known.loud(gap, is_last=row == last):
                stands = at - len(gap)
                yield stands + begin, stands + end if end >= 0 else data.find(b"\n", at, stop) + 1 or stop, row


def quick(source: bytes, *, anywhere: bool) -> Quick | None:
    """The quick pattern for a strict one; None where the length of a record would not follow from its values."""
    if not source.endswith(END):
        return None
    literals = tuple(_SLOT.split(source.removesuffix(END)))
    if len(literals) < 2 or any(map(_NOT_LITERAL.search, literals)) or not all(literals[:-1]):
        return None
    return Quick(literals, anywhere)


def _value(following: bytes) -> bytes:
    """Everything up to the literal that follows, a line's end when there is none."""
    first = following[:2] if following.startswith(b"\\") else following[:1]
    blanks = b" *+" if first.endswith(b" ") else b""
    return b"(%b[^%b]{1,%d}+)" % (blanks, first or rb"\n", LONGEST)


class Finder:
    """Finds the runs of one shape; values that do not change become part of the pattern, until they do."""

    def __init__(self, shape: Quick, plan: Plan) -> None:
        self._shape, self._plan = shape, plan
        self._folded: Quick | None = None
        self._constants: dict[int, bytes] = {}
        self._folds = 0

    def find(self, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The run in `data[start:stop]`, where `start` is at least 1; None when there is none, or a value is no plain number."""
        if self._folded is not None:
            run = _find(self._folded, self._plan, data, (start, stop), base)
            if run is not None and not run.odd:
                return run
        run = _find(self._shape, self._plan, data, (start, stop), base)
        if run is not None:
            self._fold(run)
        return run

    def _fold(self, run: Run) -> None:
        """Take into the pattern what two stretches say alike."""
        constants = {
            index: texts[0] for index, texts in enumerate(run.texts) if texts[0] == texts[-1] and texts.count(texts[0]) == len(texts)
        }
        alike = {index: text for index, text in constants.items() if self._constants.get(index) == text}
        self._constants = constants
        if len(alike) == len(run.texts):
            alike.popitem()
        if self._folded is not None and self._folded.constants.items() <= constants.items():
            return
        self._folded = None
        if alike and self._folds < MAX_FOLDS:
            self._folds += 1
            self._folded = Quick(self._shape.literals, self._shape.anywhere, alike)


def _find(shape: Quick, plan: Plan, data: bytes, extent: tuple[int, int], base: int) -> Run | None:
    """The run of a shape in a stretch, with the constants of the shape."""
    start, stop = extent
    parts = shape.pattern.split(memoryview(data)[start - 1 : stop])
    free = shape.free
    width = len(free) + 1
    rows = len(parts) // width
    if not rows:
        return None
    texts = [[constant] * rows if (constant := shape.constants.get(i)) is not None else [] for i in range(len(shape.literals) - 1)]
    for group, index in enumerate(free, 1):
        texts[index] = parts[group::width]
        if not _is_plain(texts[index]):
            return None
    try:
        columns = _columns(plan, texts)
    except ValueError:
        return None
    gaps = parts[0::width]
    has_lines = gaps.count(b"\n") <= rows
    odd: list[int] = []
    if has_lines:
        has_values = data.find(b"=", start, stop) >= 0
        odd = [row for row, gap in enumerate(gaps) if gap[-1] not in CLEAR or gap.find(b"\n", 1) >= 0 or (has_values and b"=" in gap)]
        if len(gaps[rows]) > 1 and odd[-1:] != [rows]:
            odd.append(rows)
        ends = list(accumulate(map(len, parts)))
        offsets = array("q", list(map(add, ends[0:-1:width], count(base + start - 1, shape.fixed))))
    else:
        lengths = list(accumulate(map(len, data[start:stop].split(b"\n")), initial=0))
        offsets = array("q", list(map(add, lengths[:rows], count(base + start))))
    return Run(base, gaps, texts, columns, offsets, odd)


def _is_plain(texts: list[bytes]) -> bool:
    """Whether the strict pattern would have taken these values, given that `float` takes them."""
    joined = b",".join(texts) + b","
    return not any(mark in joined for mark in _REFUSED)


def _columns(plan: Plan, texts: list[list[bytes]]) -> dict[str, array[float]]:
    """The values under our names and in SI; two names for one value share a column. Raises ValueError when `float` does not take one."""
    made: dict[tuple[int, float], array[float]] = {}
    for slot in plan.slots:
        key = slot.index, slot.factor
        if key not in made:
            made[key] = _numbers(texts[slot.index], slot.factor)
    return {slot.name: made[slot.index, slot.factor] for slot in plan.slots}


def _numbers(texts: list[bytes], factor: float) -> array[float]:
    """Texts as numbers, times a factor. Configuration is printed again and again: what does not change is converted once."""
    first = texts[0]
    if first == texts[-1] and texts.count(first) == len(texts):
        return array("d", [float(first) * factor]) * len(texts)
    numbers = list(map(float, texts))
    return array("d", numbers if factor == 1.0 else [value * factor for value in numbers])
