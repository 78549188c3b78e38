"""Matches of learned patterns in a stretch that holds several shapes: which of them can be taken as they are, and with which others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from trainwatch.formats.gaps import Known
from trainwatch.formats.lines import Lines
from trainwatch.formats.ranks import tag_in
from trainwatch.formats.shapes import Learned
from trainwatch.formats.steps import adjacent

Span = tuple[int, int]
Values = tuple[bytes, ...]


@dataclass(slots=True)
class Matches:
    """Matches of one shape that become a block together, and the ranks that stand before them."""

    learned: Learned | None = None
    spans: list[Span] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)
    ranks: list[bytes | None] = field(default_factory=list)

    @property
    def is_tagged(self) -> bool:
        """Whether ranks stand before them."""
        return self.ranks[:1] != [None]

    def takes(self, learned: Learned, rank: bytes | None) -> bool:
        """Whether a match belongs with these."""
        return learned is self.learned and (not self.ranks or (rank is not None) == self.is_tagged)

    def add(self, span: Span, values: Values, rank: bytes | None) -> None:
        """One more."""
        self.spans.append(span)
        self.values.append(values)
        self.ranks.append(rank)


class Looking:
    """What one must know of a log to tell which matches need a closer look; new after every line that was read otherwise."""

    def __init__(self, lines: Lines) -> None:
        self._burst = lines.steps.wants_burst
        self._known = Known(lines.steps.total is not None, lines.prefixes | lines.tagged)
        self._ranks, self._world = lines.ranks, lines.world
        self._recent: deque[tuple[bytes, ...]] = deque(maxlen=self._world)
        self._tagged = bool(lines.tagged)
        self._gaps: dict[bytes, tuple[bool, bytes | None]] = {}
        self._printed: set[tuple[bytes, ...]] = set()

    def at(self, data: bytes, position: int, extent: Span, learned: Learned, values: Values) -> tuple[bool, bytes | None]:
        """Whether the line of a match, which stands behind `position`, must be read otherwise; the rank that its prefix names."""
        at = extent[0]
        if at == position:
            loud, rank = self._burst and not learned.stepped, None
        else:
            gap = data[position:at]
            if gap not in self._gaps:
                self._gaps[gap] = self._known.is_loud(data, position, at), tag_in(gap) if self._tagged else None
            loud, rank = self._gaps[gap]
            loud = loud or (self._burst and not learned.stepped and adjacent(data, *extent))
        if not loud and rank is None and self._world > 1:
            loud = self._may_be_copy((learned.kind, *values))
        if not loud and rank is not None and not learned.stepped:
            loud = self._may_be_tagged_copy((learned.kind, *values))
        return loud, rank

    def _may_be_tagged_copy(self, printed: tuple[bytes, ...]) -> bool:
        """Whether these values stood behind a rank of late."""
        if printed in self._printed or self._ranks.may_be_tagged_copy(printed):
            return True
        self._printed.add(printed)
        return False

    def _may_be_copy(self, printed: tuple[bytes, ...]) -> bool:
        """Whether these values were printed of late, among the newest records or the matches under way; remembers them if not."""
        if printed in self._recent or self._ranks.may_repeat(printed):
            return True
        self._recent.append(printed)
        return False
