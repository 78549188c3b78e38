"""Lines of no known format: names and values beside a counter.

A line is an observation when it holds a loss (or, in words of evaluation, a metric) with a number, and a step or an epoch. That leaves
out configuration, which has no counter, and source code, whose values are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record

_NUMBER = rb"[-+]?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|[-+]?(?:nan|inf(?:inity)?)\b"
_NAME = rb"[A-Za-z][\w/.@+-]{0,60}+(?:\([^()\s]{1,12}\))?"
_PAIR = re.compile(
    rb"(?<![\w.\"'/\\])(?:(" + _NAME + rb"(?:[ ](?:[Ll]oss|[Aa]cc(?:uracy)?|[Ee]rror|norm|rate|scale|time))?)[ ]{0,12}[:=][ \t]{0,12}"
    rb"|((?:[Tt]rain(?:ing)?|[Vv]al(?:id(?:ation)?)?|[Tt]est|[Ee]val)[ _][Ll]oss|[Ll]oss|[Ll][Rr])[ \t]{1,8})"
    rb"['\"]?(" + _NUMBER + rb")(%|[a-zA-Z/]{1,8}\b)?(?![\w.(\[{'\"+*-]{1,2}[\w(])",
    re.IGNORECASE,
)
_COUNTER = re.compile(
    rb"(?<![\w.\"'])(?:global[ _])?(steps?|iter(?:s|ation)?|epochs?|updates?|batch|ep|round)\]?[ \t]{0,4}[:=#]?[ \t]{0,4}[\[(]?[ ]{0,12}"
    rb"(\d[\d,]{0,14})(?:[ ]{0,4}(?:/|of)[ ]{0,4}(\d[\d,]{0,14}))?",
    re.IGNORECASE,
)
_LOSS = re.compile(r"(?:.*[\W_])?loss(?:es)?\Z|.*[a-z]Loss\Z", re.IGNORECASE)
_EVALUATION = re.compile(rb"\b(?:eval(?:uat\w+)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)\b|\[(?:val|eval|test)\]", re.IGNORECASE)
_EVALUATED = re.compile(r"(?:eval|val|valid|validation|test|dev)[\W_]", re.IGNORECASE)
_METRIC = re.compile(r"(?:.*[\W_])?(?:acc\w*|ppl|perplexity|bleu|wer|cer|f1|map|miou|auc|bpb|score|error)\Z", re.IGNORECASE)
_NOT = re.compile(
    rb"\b(?:best|final(?:ly)?|def|return|import|print\w*\(|self\.|Namespace\(|lambda|class|config\w*|args?)\b|==|\+=|://|\bf\"|\{\w+[:}]",
    re.IGNORECASE,
)
_MEANINGLESS = frozenset({"eta", "http", "https", "v_num", "port", "pid"})


@dataclass(frozen=True, slots=True)
class _Pair:
    """A name, its value, where it begins, and whether the name itself says that it belongs to an evaluation."""

    name: str
    value: float
    start: int
    evaluated: bool


class Generic:
    """Reads lines by structure alone."""

    def read(self, line: bytes) -> Iterator[Record]:
        """The train record, the evaluation, or both, that a line holds."""
        if not any(char in line for char in b"=: ") or _NOT.search(line):
            return
        pairs = [pair for match in _PAIR.finditer(line) if (pair := _pair(match)) is not None]
        if not pairs or len({pair.name for pair in pairs}) < len(pairs):
            return
        counters = _counters(line)
        if not counters:
            return
        spoken = _EVALUATION.search(line, 0, pairs[0].start) is not None
        trained = [pair for pair in pairs if not pair.evaluated]
        evaluated = [pair for pair in pairs if pair.evaluated]
        if spoken and not any(_LOSS.match(pair.name) for pair in evaluated):
            trained, evaluated = [], pairs
        if any(_LOSS.match(pair.name) for pair in trained):
            yield _record(KindRule("train"), trained, counters, line)
        if any(_LOSS.match(pair.name) or _METRIC.match(pair.name) for pair in evaluated):
            yield _record(KindRule("eval"), evaluated, counters, line)


def _pair(match: re.Match[bytes]) -> _Pair | None:
    """A match as a pair; None for names that are no metrics."""
    name = (match[1] or match[2]).decode("utf-8", "replace").strip()
    value = number(match[3])
    if value is None or name.lower() in _MEANINGLESS:
        return None
    return _Pair(name, value, match.start(), _EVALUATED.match(name) is not None)


def _counters(line: bytes) -> dict[str, float]:
    """Step and epoch as the line prints them."""
    found: dict[str, float] = {}
    for match in _COUNTER.finditer(line):
        word = match[1].lower()
        name = "epoch" if word in (b"epoch", b"epochs", b"ep") else "step"
        value = number(match[2])
        if value is not None:
            found.setdefault(name, value)
    return found


def _record(rule: KindRule, pairs: list[_Pair], counters: dict[str, float], line: bytes) -> Record:
    """Pairs and counters as a record."""
    printed = [pair.name for pair in pairs]
    meaning = plan(printed, (rule,), {})
    values = dict(counters)
    for slot in meaning.slots:
        values.setdefault(slot.name, pairs[slot.index].value)
    return Record(rule.kind or "info", "generic", 0, len(line), values)
