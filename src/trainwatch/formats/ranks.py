"""One record where several ranks print it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

_TAG = re.compile(rb"\W{0,40}(?:rank|default|Rank |RANK )[ =]?(\d{1,6})\b\W{0,4}")
KEPT = 64
"""How many records with rank prefixes are compared with."""

Printed = bytes | tuple[bytes, ...]
"""A record as printed: its text, or the texts of its values."""


def tag(prefix: bytes) -> bytes | None:
    """The rank that a line's prefix names, None when it names none."""
    extent = place(prefix)
    return None if extent is None else prefix[slice(*extent)]


def place(prefix: bytes) -> tuple[int, int] | None:
    """Where the rank stands in a line's prefix, the same for every rank of as many digits; None when it names none."""
    match = _TAG.match(prefix) if not prefix.endswith(b"]") else None
    return None if match is None else match.span(1)


def tag_in(gap: bytes) -> bytes | None:
    """The rank that the newest line of a gap names."""
    return tag(gap[max(gap.rfind(b"\n"), gap.rfind(b"\r")) + 1 :])


def behind_tag(line: bytes) -> int:
    """Where a line goes on behind the rank it names."""
    match = _TAG.match(line)
    return match.end() if match else 0


class Ranks:
    """Remembers how the newest records were printed, and recognises copies.

    With rank prefixes, a copy comes from a rank that has not printed the record yet. Without them, it has the same known step and lies
    within as many records as there are ranks.
    """

    def __init__(self) -> None:
        self._tagged: deque[Printed] = deque()
        self._printers: dict[Printed, list[set[bytes]]] = {}
        self._untagged: deque[tuple[Printed, float | None, list[int]]] = deque(maxlen=1)

    def is_tagged_copy(self, printed: Printed, rank: bytes) -> bool:
        """Whether another rank has printed this already."""
        for ranks in reversed(self._printers.get(printed, ())):
            if rank not in ranks:
                ranks.add(rank)
                return True
        self._tagged.append(printed)
        self._printers.setdefault(printed, []).append({rank})
        if len(self._tagged) > KEPT:
            self._forget(self._tagged.popleft())
        return False

    def first_printed(self, records: Sequence[Printed], ranks: Sequence[bytes]) -> list[bool]:
        """Which of these records, each from a rank, no other rank has printed already."""
        distinct = set(records)
        if len(distinct) == len(records) and self._printers.keys().isdisjoint(distinct):
            self._remember(records[-KEPT:], ranks[-KEPT:])
            return [True] * len(records)
        return [not self.is_tagged_copy(printed, rank) for printed, rank in zip(records, ranks, strict=True)]

    def _remember(self, records: Sequence[Printed], ranks: Sequence[bytes]) -> None:
        """Records of which no two are the same, and that nobody has printed of late."""
        if len(records) == KEPT:
            self._tagged.clear()
            self._printers.clear()
        self._tagged.extend(records)
        self._printers.update(zip(records, ([{rank}] for rank in ranks), strict=True))
        while len(self._tagged) > KEPT:
            self._forget(self._tagged.popleft())

    def may_be_tagged_copy(self, printed: Printed) -> bool:
        """Whether a rank has printed this of late."""
        return printed in self._printers

    def _forget(self, printed: Printed) -> None:
        """The oldest record that was printed like this is compared with no more."""
        same = self._printers[printed]
        del same[0]
        if not same:
            del self._printers[printed]

    def is_copy(self, printed: Printed, step: float | None, world: int) -> bool:
        """Whether one of `world` ranks has printed this already, at the same step."""
        if world <= 1:
            return False
        if step is not None:
            for known, known_step, copies in reversed(self._untagged):
                if known == printed and known_step == step and copies[0] < world:
                    copies[0] += 1
                    return True
        self.note(printed, step, world)
        return False

    def note(self, printed: Printed, step: float | None, world: int) -> None:
        """Remember a record that is no copy."""
        if self._untagged.maxlen != world:
            self._untagged = deque(self._untagged, maxlen=world)
        self._untagged.append((printed, step, [1]))

    def may_repeat(self, printed: Printed) -> bool:
        """Whether something was printed like this of late."""
        return any(known == printed for known, _, _ in self._untagged)
