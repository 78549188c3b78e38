"""A place in a log that tells of a failure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trainwatch.failures.kind import Kind

REACH = 2048
"""Bytes looked at on either side of a literal: a line of megabytes costs no more than one of this length."""

TEXT = 400
"""Characters of the cause that are kept."""

_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Hit:
    """`start` and `end` bound what belongs to it (a whole traceback), `at` is the deciding place; byte positions in the data.

    `kind` is None for a line that only repeats a failure.
    """

    start: int
    at: int
    end: int
    kind: Kind | None
    weak: bool = False
    ends: bool = False


def piece(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the piece of line around a position: a newline or a carriage return ends it, and so does `REACH`."""
    low, high = max(at - REACH, 0), min(at + REACH, len(data))
    start = max(data.rfind(b"\n", low, at), data.rfind(b"\r", low, at)) + 1 or low
    ends = [e for e in (data.find(b"\n", at, high), data.find(b"\r", at, high)) if e >= 0]
    return start, min(ends, default=high)


def text_of(data: bytes, at: int) -> str:
    """The piece around a position as text for people, without control characters; cut where it is long."""
    start, end = piece(data, at)
    if end - start > TEXT:
        start = max(start, at - TEXT // 4)
    text = data[start : min(end, start + TEXT)].decode("utf-8", "replace")
    return _CONTROL.sub(" ", text).strip()


_RANK = re.compile(
    rb"\[rank\s?(\d{1,6})\]|\[Rank (\d{1,6})\]|\[default(\d{1,3})\]|local_rank: (\d{1,4})|^rank(\d{1,6}):|(?:process|on) rank (\d{1,6}) "
    rb"|^\[(?:\d{1,4},)?(\d{1,6})\]<std(?:err|out)>|^(\d{1,6}): +(?=[\w.]{1,200}(?:Error|Exception|Interrupt|Exit)\b)"
)


def rank_of(line: bytes) -> int | None:
    """The rank that a piece of line names; None when it names none."""
    match = _RANK.search(line)
    return None if match is None else int(next(g for g in match.groups() if g is not None))
