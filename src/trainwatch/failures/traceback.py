"""Python tracebacks, however they are prefixed: the line that names the exception."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from trainwatch.failures.hit import Hit
from trainwatch.failures.kind import Kind
from trainwatch.failures.scan import pieces

HEAD = b"Traceback (most recent call last)"
FRAME = b'  File "'
"""How a frame begins: the last one of a log tells of a traceback whose head was cut off."""

LONG = 160
"""Bytes of the longest prefix: a time, a task and an id."""

LINES = 400
"""Lines looked at after the head of a traceback: other ranks may print in between."""

_EXCEPTION = re.compile(
    rb"((?:[A-Za-z_]\w*\.)*)((?:_?[A-Z]\w*)?(?:Error|Exception|Interrupt|Exit|Warning|Timeout|Expired|Failure|Iteration|Abort|NotFound|Exceeded)"
    rb"|(?<=\.)_?[A-Z]\w*)(?::|\s*$)"
)
"""A name that says what it is, or one with its module before it."""

_FRAME_OR_NAME = re.compile(b"(?:\xe2\x95\xad[\xe2\x94\x80 ]*|\\w{1,60} {2,}|Original )$")
_DIGITS = re.compile(rb"\d")
_BENIGN = (b"Exception ignored in", b"--- Logging error ---", b"Error in atexit", b"Exception in thread ")
_WARNED = re.compile(rb"\b(?:WARN(?:ING)?|DEBUG)\b")
"""A traceback that was logged as no more than this was survived."""

_RANKS = (b"[rank", b"failed (exitcode:", b"launch.py:", b"distributed/run", b"closing signal", b"srun: ", b"ProcessGroup", b" NCCL ")
"""What tells that several processes write to a log: one that ends is not the end of the job."""

_MODULE = re.compile(rb'[^\n]*\n  File "[^<"\n][^"\n]*", line \d+, in <module>')
"""How the traceback of a program begins that nobody caught."""

_BEFORE = 300
"""Bytes before the head in which a traceback may be called harmless."""


def tracebacks(data: bytes, kinds: Iterable[Kind]) -> Iterator[Hit]:
    """A hit for each traceback: from its head to its exception, decided at the exception. Harmless ones are hits without a kind.

    One that ends a program which runs alone ends the attempt.
    """
    by_name = {name: kind for kind in kinds for name in kind.exceptions}
    alone = not any(text in data for text in _RANKS)
    for start, head, _ in chain(pieces(data, HEAD), islice(pieces(data, FRAME), 1)):
        prefix = _prefix(data[start:head])
        found = _exception(data, head, prefix)
        if found is None:
            continue
        at, end, name = found
        kind = by_name.get(name) or by_name.get("*")
        harmless = (
            any(text in data[max(head - _BEFORE, 0) : head] for text in _BENIGN) or orphaned(data, start, at) or _WARNED.search(prefix)
        )
        if kind is None or harmless or any(text in data[at:end] for text in kind.benign):
            kind = None
        yield Hit(start, at, end, kind, ends=alone and kind is not None and _MODULE.match(data, head) is not None)


def orphaned(data: bytes, start: int, at: int) -> bool:
    """Whether the exception at `at` is that of a process whose parent died while it started; `start` is that of its traceback."""
    return data.startswith((b"EOFError", b"_pickle.UnpicklingError"), at) and b"pickle.load(from_parent)" in data[start:at]


def _exception(data: bytes, head: int, prefix: bytes) -> tuple[int, int, str] | None:
    """(position, end of line, last name) of the exception that ends a traceback; None when the log ends before it."""
    at = data.find(b"\n", head) + 1
    for _ in range(LINES):
        if at <= 0 or at >= len(data):
            return None
        end = data.find(b"\n", at)
        end = len(data) if end < 0 else end
        line = data[at : min(end, at + 2048)]
        if _shape(line[: len(prefix)]) == _shape(prefix):
            body = line[len(prefix) :]
            if body.startswith(HEAD):
                return None
            match = _EXCEPTION.match(body)
            if match:
                return at + len(prefix), end, match[2].decode()
        at = end + 1
    return None


def _prefix(text: bytes) -> bytes:
    """What stands before the head on its line: a rank, a time, a host. A progress bar or a long text is not a prefix.

    In torchrun's block of failures the traceback of a rank is indented by two. A frame drawn around it and the name of the exception,
    as in notebooks, are not repeated either.
    """
    if text == b"  traceback : ":
        return b"  "
    text = _FRAME_OR_NAME.sub(b"", text)
    return b"" if len(text) > LONG or b"%|" in text or b"it/s" in text or b"s/it" in text else text


def _shape(prefix: bytes) -> bytes:
    """A prefix with its digits alike, so that a time of day stays the same prefix."""
    return _DIGITS.sub(b"0", prefix)
