"""What counts in a line of no known format: its message behind the logger's prefix, its step, its epoch, how far a count has come."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trainwatch.formats.numbers import number

_INTEGER = rb"\d{1,3}(?:,\d{3})++|\d{1,15}+"
_LEVEL = re.compile(
    rb"[^=]{0,160}?\b(?:DEBUG|INFO|WARN(?:ING)?)\b(?:\|[\w./-]{1,80}:\d{1,6}\][ \d:,.-]{0,40}>>)?(?::(?!\w*loss)[A-Za-z_][\w.]{0,60}:)?[\])]{0,2}[ \t]{0,8}(?:[-|:>\]][ \t]{0,8}){0,3}",
    re.IGNORECASE,
)
_TAG = re.compile(rb"\[(?:DEBUG|INFO|WARN(?:ING)?)\][ \t]{1,4}")
"""A level that a script sets in front of its own messages."""

_CLOCK = re.compile(
    rb"\[[^\]=]{0,60}\d\d:\d\d:\d\d[^\]=]{0,60}\]:?[ \t]{1,4}"
    rb"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}[ ]{1,4}\d{1,20} [\w.]{1,60}:\d{1,6}\] "
    rb"|[\[(]?(?:\d{4}[-/.])?\d\d[-/.]\d\d[ T,]{1,2}\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:Z| [AP]M)?[\])]?[ \t]{0,4}[-|:,]{0,2}[ \t]{0,8}"
)
_WORD = re.compile(
    rb"(?<![A-Za-z_.\"'/@-])(?:(?:global|current)[ _-]?)?(num_updates|steps?|episodes?|it(?:er(?:s|ations?)?)?|epochs?|ep|updates?|batch(?:_id|_idx)?|round)\.?"
    rb"[ \t]{0,4}[\])]?[ \t]{0,4}[:=#]?[ \t]{0,4}[\[(#]?[ ]{0,12}(" + _INTEGER + rb"(?:\.\d{1,9})?)(?![\w%-])"
    rb"(?:[ ]{0,4}(?:/|of)[ ]{0,4}(" + _INTEGER + rb"))?",
    re.IGNORECASE,
)
_GROUP = rb"[ \t]{0,4}\[[ ]{0,9}(\d{1,9})(?:[ ]{0,4}/[ ]{0,9}(\d{1,9}))?[^\]\[]{0,12}\]"
_BRACKETS = re.compile(
    rb"(?<![A-Za-z_])(epoch|train|training|test|val|valid|validate|validation|eval|iter|step|batch)(?:\(\w{1,12}\))?:?(?:[ ]{0,4}(\d{1,9})(?=[ ]{0,4}\[))?"
    + _GROUP
    + rb"(?:"
    + _GROUP
    + rb"|\([ ]{0,9}(\d{1,9})[ ]{0,4}/[ ]{0,9}\d{1,9}\))?",
    re.IGNORECASE,
)
_TAGGED = re.compile(rb"\[ ?(?:train|training|val|valid|validation|test|eval) ?\| ?(\d{1,7})/\d{1,7} ?\]", re.IGNORECASE)
_LEADING = re.compile(
    rb"[ ]{0,8}(\d{1,9})/(\d{1,9}):?[ ]|[ ]{0,8}\[[ ]{0,8}(\d{1,9})(?:/\d{1,9}| \| [\d.]{1,12})?\][ \t]"
    rb"|[ ]{0,8}(\d{1,9})(?::\t| \| )|(\d{1,9}) (?=[A-Za-z]{0,20}[ _]?loss[:=] )",
    re.IGNORECASE,
)
_BATCHES = re.compile(rb"(?<![\d.])(\d{1,9})[ ]{0,3}/[ ]{0,9}(\d{1,9}) (?:batches|iter|steps)\b")
_PLACE = re.compile(rb"\[[ ]{0,6}(\d{1,7})[ ]{0,3}[,:][ ]{0,9}(\d{1,9})\][ \t]")
_SPAN = re.compile(
    rb"(?<!\w)(\d{1,6})epoch:\w{1,20}:\d{1,9}-(\d{1,9})batch\b|(?<!\w)(\d{1,6})epoch results:"
    rb"|\b(?:TRAIN|CV) Batch (\d{1,6})/(\d{1,9}) "
)
_HEADING = re.compile(
    rb"(?:[^A-Za-z0-9]{0,80}|[^A-Za-z0-9]{0,20}(?:start(?:ing)?|train(?:ing)?|begin(?:ning)?|running)[ ]{1,3})"
    rb"epoch[:#]?[ ]{0,4}[\[(]?[ ]{0,4}(\d{1,7})(?:[ ]{0,3}(?:/|of)[ ]{0,3}\d{1,7})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Counters:
    """Step and epoch as a line prints them; `total` of the steps; `unfinished` when a count within the line has not come to its end."""

    values: dict[str, float]
    total: int | None = None
    unfinished: bool = False


def message(line: bytes) -> int:
    """Where the message of a line begins: behind a time, a level, a logger's name."""
    found = _LEVEL.match(line, 0, 200)
    if found is None:
        found = _CLOCK.match(line)
    if found is None:
        return 0
    tag = _TAG.match(line, found.end())
    return found.end() if tag is None else tag.end()


def heading(text: bytes) -> float | None:
    """The epoch that a line like `Epoch 3/20` announces; None when it is no such line."""
    found = _HEADING.match(text)
    return float(found[1]) if found is not None else None


def counters(text: bytes) -> Counters | None:
    """What counts in the message of a line; None when nothing does."""
    found: dict[str, float] = {}
    total: int | None = None
    unfinished = False
    brackets = _BRACKETS.search(text)
    if brackets is not None:
        found, total, unfinished = _bracketed(brackets)
    tagged = _TAGGED.match(text)
    if tagged is not None:
        found = {"epoch": float(tagged[1])}
    place = _PLACE.match(text)
    if place is not None:
        found = {"epoch": float(place[1]), "batch": float(place[2])}
    span = _SPAN.search(text)
    if span is not None:
        step = span[2] or span[5]
        found = {"epoch": float(span[1] or span[3] or span[4])} | ({"step": float(step)} if step else {})
    batch: float | None = None
    for match in _WORD.finditer(text):
        word = match[1].lower()
        name = "epoch" if word in (b"ep", b"epoch", b"epochs") else "step"
        value = number(match[2])
        if value is None:
            continue
        if word.startswith(b"batch"):
            batch = value if batch is None else batch
        elif name not in found or word == b"num_updates":
            found[name] = value
            total = int(number(match[3]) or 0) if match[3] and name == "step" and word != b"round" else total
    leading = (_LEADING.match(text) if not found else None) or (_BATCHES.search(text) if "step" not in found else None)
    if leading is not None:
        found.setdefault("step", float(next(part for part in leading.groups() if part)))
    elif batch is not None:
        found.setdefault("step", batch)
    return Counters(found, total or None, unfinished) if found else None


def _bracketed(match: re.Match[bytes]) -> tuple[dict[str, float], int | None, bool]:
    """`Epoch: [3][10/739]`, `Train: 3 [10/739]`, `Iter(train) [10/8000]`, `Test: [10/79]`: values, total, whether the count goes on.

    What stands in parentheses, as in `Epoch:[1/2](20/4292)`, counts steps.
    """
    word = match[1].lower()
    if match[7] and word == b"epoch":
        return {"epoch": float(match[3]), "step": float(match[7])}, None, False
    counts = [(match[2], None), (match[3], match[4]), (match[5], match[6])]
    several = [(float(count), int(total) if total else None) for count, total in counts if count]
    value, total = several[-1]
    unfinished = total is not None and value + 1 < total
    if word in (b"iter", b"step"):
        return {"step": several[0][0]}, several[0][1], False
    if len(several) > 1:
        return {"epoch": several[0][0], "batch": value}, None, unfinished
    if word == b"epoch":
        return {"epoch": value}, None, False
    return {"batch": value}, None, unfinished
