"""Records of one shape, found in a stretch of the log as a whole."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trainwatch.formats.gaps import Known


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
