"""Every place of a log that tells of a failure, by the literals of the kinds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainwatch.failures.hit import Hit, piece
from trainwatch.failures.kind import Decisive, Kind, Trailing

MOST = 2000
"""Hits of one literal that are looked at, the last ones: a log that repeats a line a million times costs no more."""


def scan(data: bytes, kinds: Iterable[Kind]) -> list[Hit]:
    """Hits of all kinds, tracebacks excepted, in file order; one per piece of line and kind."""
    hits: dict[tuple[int, str], Hit] = {}
    for kind in kinds:
        for decisive in kind.decisive:
            for hit in _decisive(data, kind, decisive):
                hits.setdefault((hit.start, kind.name), hit)
        for trailing in kind.trailing:
            for hit in _trailing(data, kind, trailing):
                hits.setdefault((hit.start, kind.name), hit)
    told = {start for start, _ in hits}
    for kind in kinds:
        for literal in kind.echoes:
            for start, at, end in pieces(data, literal):
                if start not in told:
                    told.add(start)
                    hits[start, ""] = Hit(start, at, end, None)
    return sorted(hits.values(), key=lambda h: (h.at, h.start))


def literals(kind: Kind) -> Iterator[bytes]:
    """The texts without which nothing tells of a kind but a traceback."""
    yield from (decisive.literal for decisive in kind.decisive)
    yield from (trailing.literal for trailing in kind.trailing)
    yield from kind.echoes


def pieces(data: bytes, literal: bytes) -> Iterator[tuple[int, int, int]]:
    """(start, position, end) of the last `MOST` pieces of line that hold a literal, the last one first."""
    at = len(data)
    for _ in range(MOST):
        at = data.rfind(literal, 0, at)
        if at < 0:
            return
        start, end = piece(data, at)
        first = data.find(literal, start, end)
        yield start, first, end
        at = first


def _decisive(data: bytes, kind: Kind, decisive: Decisive) -> Iterator[Hit]:
    """Where the literal stands in a piece that matches and is not benign."""
    for start, at, end in pieces(data, decisive.literal):
        line = data[start:end]
        if decisive.pattern is not None and decisive.pattern.search(line) is None:
            continue
        if not any(text in line for text in kind.benign):
            yield Hit(start, at, end, kind, decisive.weak, decisive.ends)
            if decisive.last:
                return


def _trailing(data: bytes, kind: Kind, trailing: Trailing) -> Iterator[Hit]:
    """The stretch of repeated lines that nothing contradicts until the end; its first line is the place that decides."""
    stretch: list[tuple[int, int]] = []
    stop = len(data)
    for start, _, end in pieces(data, trailing.literal):
        if trailing.pattern.search(data, start, end) is None:
            continue
        if trailing.contrary is not None and trailing.contrary.search(data, end, stop):
            break
        if trailing.apart and stretch and data.count(b"\n", end, stop) > trailing.apart:
            break
        stretch.append((start, end))
        stop = start
    if len(stretch) >= trailing.count:
        start, end = stretch[-1]
        yield Hit(start, data.find(trailing.literal, start, end), stretch[0][1], kind)
        for start, end in stretch[:-1]:
            yield Hit(start, start, end, None)
