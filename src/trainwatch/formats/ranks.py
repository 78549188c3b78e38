"""One record where several ranks print it."""

from __future__ import annotations

import re
from collections import deque

from trainwatch.formats.record import Record

_TAG = re.compile(rb"\W{0,40}(?:rank|default|Rank |RANK )[ =]?(\d{1,6})")
KEPT = 64
"""Records that are compared with, unless more ranks are known to print."""

_Key = tuple[str, str, tuple[tuple[str, float | str], ...]]


def tag(prefix: bytes) -> bytes | None:
    """The rank that a line's prefix names, None when it names none."""
    if prefix.endswith(b"]"):
        return None
    match = _TAG.match(prefix)
    return match[1] if match else None


class Ranks:
    """Remembers the newest records and recognises copies of them."""

    def __init__(self) -> None:
        self._recent: deque[tuple[_Key, set[bytes | None], int]] = deque(maxlen=KEPT)

    def is_copy(self, record: Record, rank: bytes | None, world: int) -> bool:
        """Whether another rank has printed this record already.

        With rank prefixes a copy comes from a rank that has not printed it yet. Without them it needs a known step, the same values, and
        lies within `world` consecutive records.
        """
        key = _key(record)
        window = max(world, KEPT) if rank is not None else world
        for back, (known, ranks, copies) in enumerate(reversed(self._recent), 1):
            if back >= window and rank is None:
                break
            if known == key and (rank not in ranks if rank is not None else copies < world and record.step is not None):
                ranks.add(rank)
                self._recent[-back] = (known, ranks, copies + 1)
                return True
        if self._recent.maxlen is not None and self._recent.maxlen < world:
            self._recent = deque(self._recent, maxlen=world)
        self._recent.append((key, {rank}, 1))
        return False


def _key(record: Record) -> _Key:
    """What two prints of one observation share; NaN is like NaN here."""
    values = tuple((name, value if value == value else "nan") for name, value in record.values.items())  # noqa: PLR0124
    return record.kind, record.format, values
