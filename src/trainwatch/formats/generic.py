"""Lines of no known format: names and values beside a counter.

A line is an observation when it holds a loss (or, for an evaluation, a metric) with a number, and a step or an epoch: in the line, in a
heading such as `Epoch 3/20` above it, or, for an evaluation, in the training before it. That leaves out configuration, which has no
counter, and source code, whose values are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.formats import boosting, unnamed
from trainwatch.formats.counters import Counters, counters, heading, message
from trainwatch.formats.findings import Finding, findings
from trainwatch.formats.names import names
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.ranks import behind_tag
from trainwatch.formats.record import Record
from trainwatch.formats.wording import plain
from trainwatch.model.block import Kind

_CODE = re.compile(
    rb"\b(?:def|import|lambda|class) [\w.]|\breturn [\w(]|\bprint\w*\(|\bself\.|\bNamespace\(|(?<!=)==(?![=>])|\+=|=[ ]?\[\]|://|\bf[\"']|\{\w+[:}]|\b(?-i:\w*(?:Error|Exception)):",
    re.IGNORECASE,
)
_SETTING = re.compile(rb"[=:] ?(?:None|True|False|null|true|false)\b")
"""A line with several of them is a configuration."""

_SUMMARY = re.compile(
    rb"\b(?:best|minimum|lowest|final(?:ly)?|config\w*|args?|loaded|early stopping|averaged stats|wandb)\b", re.IGNORECASE
)
_KERAS = re.compile(rb"[ ]{0,8}(\d{1,9})/(\d{1,9}) (?:\[[=>.]{5,40}\] |- |[^\s\w]{5,200} )")
_PARTED = re.compile(
    rb"[^A-Za-z]{0,40}(?:eval(?:uation)?|val(?:id(?:at(?:e|ing|ion))?)?|test)(?: (?:error|results?|set|metrics))?(?: epoch[:#]? ?\d{1,7})?[^A-Za-z0-9]{0,40}\Z",
    re.IGNORECASE,
)
_STARRED = re.compile(rb"[ ]{0,4}\*{1,3} {1,4}(?=\w*acc)", re.IGNORECASE)
_EPOCH = re.compile(rb"(?<![A-Za-z_])epoch[:=# ]{1,3}\d", re.IGNORECASE)
_RESULTS = re.compile(rb"epoch results:|\bcur metric, ")
_NOT_FINITE = re.compile(rb" [-+]?(?:nan|inf)", re.IGNORECASE)
_TIMED = "train_runtime"
"""What only the figures of the whole run hold."""

SETTINGS = 2
NEAR = 48
"""Without a counter in the line, the first value begins within so many bytes of the message."""


class Generic:
    """Reads lines by structure alone. Remembers the newest heading, and the `100` of `step 5/100` where nothing counts epochs.

    An evaluation that is printed again without any training in between is one.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self._heading: float | None = None
        self._epoch: float | None = None
        self._evaluated: dict[str, float] = {}
        self._is_trained = self._is_evaluated = self._announced = self._is_logged = False

    def read(self, line: bytes, start: int = 0) -> Iterator[Record]:
        """The train records, the evaluations, or both, that a line holds from `start` on."""
        line = line[start:] if start else line
        extent = (start + behind_tag(line), start + len(line))
        begin = message(line)
        self._is_logged = begin > 0
        announced, self._announced = self._announced, False
        text = line[begin:]
        nameless = boosting.read(text, extent) or unnamed.read(text, extent)
        if nameless:
            yield from nameless
            return
        for piece in _pieces(plain(text)):
            yield from self._piece(piece, extent, announced=announced)

    def follow(self, kind: Kind) -> None:
        """A record of this kind was read by another reader."""
        if kind == "train":
            self._is_trained, self._is_evaluated = True, False
        elif kind == "eval":
            self._is_evaluated = True

    def _piece(self, text: bytes, extent: tuple[int, int], *, announced: bool) -> Iterator[Record]:
        """The records of a message, or of a part of one that has its own counters; `announced`: the line before was `Test Error:`."""
        epoch = heading(text)
        speaks = b"=" in text or b":" in text or b"." in text or b" is " in text or _NOT_FINITE.search(text) is not None
        found = findings(text, 0) if speaks and _CODE.search(text) is None and len(_SETTING.findall(text)) < SETTINGS else []
        if not found:
            if epoch is not None and epoch != self._heading:
                self._heading, self._is_evaluated = epoch, False
            self._announced = _PARTED.match(text) is not None
            return
        if _SUMMARY.search(text, 0, found[0].start) is not None:
            return
        if any(finding.name == _TIMED for finding in found):
            yield _record("summary", found, {}, extent)
            return
        announced = announced or _RESULTS.search(text) is not None
        counts = self._counts(text, found, announced=announced)
        if counts is not None:
            yield from self._records(found, counts, extent, evaluates=announced or _STARRED.match(text) is not None)

    def _counts(self, text: bytes, found: list[Finding], *, announced: bool) -> Counters | None:
        """What counts in the message, or above it; None when nothing does."""
        keras = _KERAS.match(text)
        if keras is not None and self._heading is not None:
            return Counters({"epoch": self._heading}) if keras[1] == keras[2] and b"ETA:" not in text else None
        counts = counters(text)
        if counts is None:
            return self._above(text, found, announced=announced)
        if "epoch" in counts.values:
            self.total = None
        elif self._heading is not None:
            return Counters({"epoch": self._heading, **counts.values}, None, counts.unfinished)
        else:
            self.total = counts.total or self.total
        return counts

    def _above(self, text: bytes, found: list[Finding], *, announced: bool) -> Counters | None:
        """The counters of a message that has none: those of the heading, or of the training before an evaluation."""
        first = found[0]
        if first.start > NEAR:
            return None
        epoch = self._heading if self._heading is not None else self._epoch
        evaluates = announced or first.part == "eval"
        if evaluates or (_STARRED.match(text) is not None and self._is_trained):
            is_new = (self._is_trained or self._heading is not None) and not self._is_evaluated
            return Counters({} if epoch is None else {"epoch": epoch}) if is_new else None
        if (
            self._heading is not None
            and any(finding.is_loss for finding in found)
            and (first.part or first.is_main or " " in first.name or "_" in first.name)
        ):
            return Counters({"epoch": self._heading})
        begins = first.start == 0 and first.part != "eval"
        rated = any(names().canonical.get(finding.name.lower(), finding.name) == "learning_rate" for finding in found)
        tells = (first.part == "train" and first.is_main) or (self._is_logged and first.is_loss and len(found) > 1)
        tells = tells or (rated and any(finding.is_main for finding in found))
        return Counters({}) if begins and tells else None

    def _records(self, found: list[Finding], counts: Counters, extent: tuple[int, int], *, evaluates: bool) -> Iterator[Record]:
        """What a message with findings and counters tells."""
        trained = [] if evaluates else [finding for finding in found if finding.part != "eval"]
        evaluated = [finding for finding in found if finding.part == "eval" or (evaluates and finding.part != "train")]
        if any(finding.is_loss or finding.is_return for finding in trained):
            self._is_trained, self._is_evaluated = True, False
            self._epoch = counts.values.get("epoch", self._epoch)
            yield _record("train", trained, counts.values, extent)
        if any(finding.is_metric for finding in evaluated):
            record = _record("bar" if counts.unfinished else "eval", evaluated, counts.values, extent)
            is_repeated = self._is_evaluated and record.values == self._evaluated
            self._is_evaluated, self._evaluated = self._is_evaluated or not counts.unfinished, record.values
            if not is_repeated:
                yield record


def _pieces(text: bytes) -> list[bytes]:
    """A message, or its parts where an epoch begins anew within it and each part has a loss."""
    starts = [match.start() for match in _EPOCH.finditer(text)]
    if len(starts) < 2:
        return [text]
    pieces = [text[at:stop] for at, stop in zip(starts, [*starts[1:], len(text)], strict=True)]
    return pieces if all(b"oss" in piece for piece in pieces) else [text]


def _record(kind: Kind, found: list[Finding], counts: dict[str, float], extent: tuple[int, int]) -> Record:
    """Findings and counters as a record. Of `0.5 (0.7)` a train record takes the first, which is the newest, and an evaluation the average."""
    values = dict(counts)
    meaning = plan([finding.name for finding in found], (KindRule(kind),), {})
    for slot in meaning.slots:
        values.setdefault(slot.name, _value(kind, found[slot.index]))
    name = "loss" if kind == "train" else "eval_loss"
    main = next((finding for finding in found if finding.is_main), None)
    if kind == "train":
        main = main or next((finding for finding in found if finding.is_loss), None)
    if main is not None and name not in values:
        values[name] = _value(kind, main)
    return Record(kind, "generic", *extent, values)


def _value(kind: Kind, finding: Finding) -> float:
    """The value of a finding that counts for a record of a kind."""
    return finding.value if kind == "train" or finding.average is None else finding.average
