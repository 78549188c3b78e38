"""Lines of no known format: names and values beside a counter.

A line is an observation when it holds a loss (or, in words of evaluation, a metric) with a number, and a step or an epoch, in the line or
in a heading such as `Epoch 3/20` above it. That leaves out configuration, which has no counter, and source code, whose values are no
numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.ranks import behind_tag
from trainwatch.formats.record import Record
from trainwatch.model.block import Kind

_NUMBER = rb"[-+]?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|[-+]?(?:nan|inf(?:inity)?)\b"
_NAME = rb"[A-Za-z][\w/.@+-]{0,60}+(?:\([^()\s]{1,12}\))?"
_SPLIT = rb"(?:[Tt]rain(?:ing)?|[Vv]al(?:id(?:ation)?)?|[Tt]est|[Ee]val)[ _][Ll]oss"
_PAIR = re.compile(
    rb"(?<![\w.\"'/\\])(?:("
    + _NAME
    + rb"(?:'s)?(?: (?:loss|acc(?:uracy)?|error|norm|rate|scale|time|"
    + _NAME
    + rb"loss))?)[ ]{0,12}[:=][ \t]{0,12}"
    rb"|(" + _SPLIT + rb"|loss|lr)[ \t]{1,8})"
    rb"['\"]?(" + _NUMBER + rb")(%|[a-zA-Z/]{1,8}\b)?(?:[ ]{0,3}\([ ]{0,9}(" + _NUMBER + rb")\))?(?![\w.(\[{'\"+*-]{1,2}[\w(])",
    re.IGNORECASE,
)
_WORD = re.compile(
    rb"(?<![\w.\"'])(?:global[ _])?(steps?|iter(?:s|ation)?|epochs?|updates?|batch|ep|round)\]?[ \t]{0,4}[:=#]?[ \t]{0,4}[\[(]?[ ]{0,12}"
    rb"(\d[\d,]{0,14})(?:[ ]{0,4}(?:/|of)[ ]{0,4}(\d[\d,]{0,14}))?",
    re.IGNORECASE,
)
_BRACKETS = re.compile(
    rb"\b(?:epoch|train|test|val|eval)(?:\(\w+\))?:?[ ]{0,4}\[?(\d{1,9})?\]?[ ]{0,4}\[[ ]{0,9}(\d{1,9})/[ ]{0,9}(\d{1,9})\b", re.IGNORECASE
)
_LEADING = re.compile(rb"[ ]{0,8}(\d{1,9})/(\d{1,9})[ ]|[ ]{0,8}\[(\d{1,9})\][ \t]")
_HEADING = re.compile(rb"[^A-Za-z]{0,40}epoch:?[ ]{0,4}(\d{1,7})(?:[ ]?/[ ]?\d{1,7})?:?[ ]{0,8}\Z", re.IGNORECASE)
_LOSS = re.compile(r"(?:.*[\W_])?\w*loss(?:es)?\Z", re.IGNORECASE)
_EVALUATION = re.compile(rb"\b(?:eval(?:uat\w+)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)\b", re.IGNORECASE)
_EVALUATED = re.compile(r"(?:eval|val|valid|validation(?:_[1-9])?|test|dev)(?:[\W_]|'s)|valid_\d", re.IGNORECASE)
_METRIC = re.compile(
    r"(?:.*[\W_])?(?:acc\w*|ppl|perplexity|bleu|wer|cer|f1|map|miou|auc|bpb|score|error|\w*logloss|rmse|mae)\Z", re.IGNORECASE
)
_NOT = re.compile(
    rb"\b(?:best|final(?:ly)?|def|return|import|print\w*\(|self\.|Namespace\(|lambda|class|config\w*|args?)\b|(?<!=)==(?![=>])|\+=|://|\bf\"|\{\w+[:}]",
    re.IGNORECASE,
)
_KERAS = re.compile(rb"[ ]{0,8}(\d{1,9})/(\d{1,9}) (?:\[[=>.]{5,40}\]|\S{5,200}) ")
_MEANINGLESS = frozenset({"eta", "http", "https", "v_num", "port", "pid", "time", "data"})


@dataclass(frozen=True, slots=True)
class _Pair:
    """A name, its value, the average behind it (`0.5 (0.7)`), where it begins, whether the name says that it belongs to an evaluation."""

    name: str
    value: float
    average: float | None
    start: int
    evaluated: bool


@dataclass(frozen=True, slots=True)
class _Counters:
    """Step and epoch as a line prints them; `unfinished` when a count within the line has not come to its end."""

    values: dict[str, float]
    unfinished: bool = False


class Generic:
    """Reads lines by structure alone. Remembers the newest heading, and the `100` of `step 5/100` where nothing counts epochs."""

    def __init__(self) -> None:
        self.total: int | None = None
        self._epoch: float | None = None

    def read(self, line: bytes, start: int = 0) -> Iterator[Record]:
        """The train record, the evaluation, or both, that a line holds from `start` on."""
        line = line[start:] if start else line
        heading = _HEADING.match(line)
        if heading is not None:
            self._epoch = float(heading[1])
            return
        if not (b"=" in line or b":" in line or b"oss " in line) or _NOT.search(line):
            return
        pairs = [pair for match in _PAIR.finditer(line) if (pair := _pair(match)) is not None]
        pairs = _unambiguous(pairs)
        if not pairs:
            return
        counters = self._counters(line, pairs)
        if counters is not None:
            yield from _records(pairs, counters, line, start)

    def _counters(self, line: bytes, pairs: list[_Pair]) -> _Counters | None:
        """What counts in the line, or the heading above; None when nothing does."""
        found: dict[str, float] = {}
        unfinished = False
        keras = _KERAS.match(line)
        if keras is not None and self._epoch is not None:
            return _Counters({"epoch": self._epoch}) if keras[1] == keras[2] and b"ETA:" not in line else None
        brackets = _BRACKETS.search(line)
        if brackets is not None:
            if brackets[1]:
                found["epoch"] = float(brackets[1])
            unfinished = int(brackets[2]) + 1 < int(brackets[3])
            found["batch"] = float(brackets[2])
        for match in _WORD.finditer(line):
            name = "epoch" if match[1].lower() in (b"epoch", b"epochs", b"ep") else "step"
            value = number(match[2])
            if value is not None:
                found.setdefault(name, value)
                self._note_total(match)
        if "epoch" in found:
            self.total = None
        leading = _LEADING.match(line)
        if leading is not None and not found:
            found["step"] = float(leading[1] or leading[3])
        if (
            not found
            and self._epoch is not None
            and all((_LOSS.match(pair.name) and " " in pair.name) or "_" in pair.name for pair in pairs)
        ):
            found["epoch"] = self._epoch
        return _Counters(found, unfinished) if found else None

    def _note_total(self, match: re.Match[bytes]) -> None:
        """A step of so many counts the run; within an epoch it counts that epoch."""
        total = number(match[3] or b"")
        if total and self._epoch is None and match[1].lower().startswith((b"step", b"iter", b"update")):
            self.total = int(total)


def _records(pairs: list[_Pair], counters: _Counters, line: bytes, start: int) -> Iterator[Record]:
    """What a line with pairs and counters tells."""
    spoken = _EVALUATION.search(line, 0, pairs[0].start) is not None
    trained = [pair for pair in pairs if not pair.evaluated]
    evaluated = [pair for pair in pairs if pair.evaluated]
    if spoken and not any(_LOSS.match(pair.name) for pair in evaluated):
        trained, evaluated = [], pairs
    extent = (start + behind_tag(line), start + len(line))
    if any(_LOSS.match(pair.name) for pair in trained):
        yield _record("train", trained, counters.values, extent)
    if any(_LOSS.match(pair.name) or _METRIC.match(pair.name) for pair in evaluated):
        yield _record("bar" if counters.unfinished else "eval", evaluated, counters.values, extent)


def _unambiguous(pairs: list[_Pair]) -> list[_Pair]:
    """The pairs whose name stands once in the line; none when that leaves out a loss or a metric, whose records these may be several of."""
    names = Counter(pair.name for pair in pairs)
    if any(names[pair.name] > 1 and (_LOSS.match(pair.name) or _METRIC.match(pair.name)) for pair in pairs):
        return []
    return [pair for pair in pairs if names[pair.name] == 1]


def _pair(match: re.Match[bytes]) -> _Pair | None:
    """A match as a pair; None for names that are no metrics."""
    name = (match[1] or match[2]).decode("utf-8", "replace").strip()
    value = number(match[3])
    if value is None or name.lower() in _MEANINGLESS:
        return None
    return _Pair(name, value, number(match[5] or b""), match.start(), _EVALUATED.match(name) is not None)


def _record(kind: Kind, pairs: list[_Pair], counters: dict[str, float], extent: tuple[int, int]) -> Record:
    """Pairs and counters as a record."""
    printed = [pair.name for pair in pairs]
    meaning = plan(printed, (KindRule(kind),), {})
    values = dict(counters)
    for slot in meaning.slots:
        pair = pairs[slot.index]
        values.setdefault(slot.name, pair.value if kind == "train" or pair.average is None else pair.average)
    return Record(kind, "generic", *extent, values)
