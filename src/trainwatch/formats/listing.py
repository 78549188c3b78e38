"""Records of several lines: a line that counts, and indented lines of names and values under it.

[step=10/10000,epoch=0]                 [batch=10/1000]:
    train/CrossEntropyLoss=6.951             Train loss/train/total: 10.5
    throughput/total_tokens=94,371,840       Train metrics/train/LanguageCrossEntropy: 10.4

Coqui's trainer marks them, and prints the average of the epoch behind the newest value:

   --> STEP: 24/36 -- GLOBAL_STEP: 1025
     | > loss: 3.01874  (3.46002)

NeMo RL prints the step as a banner, and sections of bullets under it:

===== Step 10/100 =====
Training Results:
  • Loss: 0.0123
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record, separate

_HEAD = re.compile(
    rb"[^=]{0,200}?(?:\[epoch=(\d{1,9})(?:/\d{1,9})?\])?\[(eval )?(?:step|batch)=(\d{1,12})(?:/(\d{1,12}))?(?:,epoch=(\d{1,9}))?\](?: Eval on .{0,80})?:?[ ]{0,4}\Z",
    re.IGNORECASE,
)
_EVALUATION = re.compile(rb"[^=]{0,200}?(?:\[Eval batch=(\d{1,12})/(\d{1,12})\] Eval on .{0,80}|\bvalidation)[ ]{0,4}\Z")
_ITEM = re.compile(rb"(?:\t[ ]?|[ ]{4,12})(?:(?:Train|Eval) )?([A-Za-z][\w/ .()@+-]{0,120}?)(?:=|: )([^\s=]{1,60})[ ]{0,4}\Z")
_MARKED = re.compile(rb"[ ]{2,8}\| > ([A-Za-z][\w/-]{0,80}): ([^\s=]{1,60})(?:[ ]{1,4}\([^\s()]{1,40}\))?[ ]{0,4}\Z")
_MARK = re.compile(
    rb"[ ]{0,4}(?:> EPOCH: (\d{1,7})/\d{1,7}|--> (?:STEP: \d{1,9}(?:/\d{1,9})?(?: -- GLOBAL_STEP: (\d{1,12}))?|(EVAL) PERFORMANCE|TRAIN PERFORM.{0,120}))[ ]{0,4}\Z"
)
"""A line of Coqui's that counts, that names an epoch, or whose values say nothing new: those of a step of an evaluation, of a whole epoch."""

_BANNER = re.compile(rb"[=]{3,80} Step (\d{1,12})(?:/(\d{1,12}))? [=]{3,80}\Z")
_SECTION = re.compile(rb"[^A-Za-z0-9]{0,16}(?:(Validation|Evaluation|Eval)|Training|Train) (?:Results|Metrics):[ ]{0,4}\Z")
_BULLET = re.compile(rb"[ ]{1,8}\xe2\x80\xa2 ([A-Za-z][\w /.()-]{0,80}): ([^\s=]{1,60})(?: [A-Za-z/%]{1,12})?[ ]{0,4}\Z")

_EVAL = ("eval/*", "metrics/eval/*", "eval_*", "val/*", "val_*", "loss/eval/*", "avg_loss*")
_KINDS = (
    *(KindRule("train", (name,)) for name in ("train/*Loss", "train/*loss*", "loss/train/*", "loss", "loss_*", "train_loss", "Loss")),
    *(KindRule("eval", (pattern,)) for pattern in _EVAL),
    KindRule("info"),
)
_RENAME = {
    "Loss": "loss",
    "loss/train/total": "loss",
    "train/CrossEntropyLoss": "loss",
    "eval/validation/CrossEntropyLoss": "eval_loss",
    "optim/total_grad_norm": "grad_norm",
    "loss_1": "loss",
    "avg_loss": "eval_loss",
    "avg_loss_1": "eval_loss",
    "current_lr": "learning_rate",
    "current_lr_0": "learning_rate",
    "eval/Loss": "eval_loss",
    "eval/Validation loss": "eval_loss",
}
_COUNTERS = frozenset({"time/batch", "time/epoch", "trainer/global_step"})
MOST = 2000
"""A record has so many names at most."""


class Listing:
    """Reads the lines of one source."""

    def __init__(self) -> None:
        self._counts: dict[str, float] | None = None
        self._step: dict[str, float] = {}
        self._epoch: dict[str, float] = {}
        self._values: dict[str, float] = {}
        self._began = (0, 0)
        self._part = ""
        self.is_item = False
        """Whether the line read last belongs to a record under way."""

    def read(self, line: bytes, offset: int, number: int) -> Iterator[Record]:
        """The record that this line ends, at a position that is negative by what lies between; the line itself may begin another."""
        item = (_ITEM.match(line) or _MARKED.match(line) or _BULLET.match(line)) if self._counts is not None else None
        self.is_item = item is not None and len(self._values) < MOST
        if item is not None and self.is_item:
            self._item(item)
            return
        yield from self._end(offset)
        if line.endswith((b"]", b"]:", b"n", b":", b"=")):
            self._begin(line, (offset, number))
        elif b"> " in line[:8]:
            self._begin_marked(line, (offset, number))

    def finish(self) -> Iterator[Record]:
        """The record under way when the source ends; its position is that in the source."""
        yield from self._end(0)

    def _begin(self, line: bytes, place: tuple[int, int]) -> None:
        """Look whether a line counts."""
        head = _HEAD.match(line)
        banner = _BANNER.match(line)
        section = _SECTION.match(line) if self._step else None
        self._part = "eval/" if section is not None and section[1] else ""
        if head is not None:
            epoch = head[1] or head[5]
            self._step = {"step": float(head[3])}
            self._counts = self._step | ({"epoch": float(epoch)} if epoch else {}) | ({"total_steps": float(head[4])} if head[4] else {})
        elif banner is not None:
            self._step = {"step": float(banner[1])} | ({"total_steps": float(banner[2])} if banner[2] else {})
        elif section is not None or (self._step and _EVALUATION.match(line.removesuffix(b":")) is not None):
            self._counts = dict(self._step)
        self._began = place

    def _begin_marked(self, line: bytes, place: tuple[int, int]) -> None:
        """Look whether a line of Coqui's counts; what belongs to no step is collected and dropped."""
        mark = _MARK.match(line)
        if mark is None:
            return
        if mark[1]:
            self._epoch = {"epoch": float(mark[1])}
            return
        if mark[2]:
            self._step = {"step": float(mark[2])}
        self._counts = self._step | self._epoch if mark[2] or mark[3] else {}
        self._began = place

    def _item(self, item: re.Match[bytes]) -> None:
        """Keep a name and its value."""
        value = number(item[2])
        if value is not None:
            self._values[self._part + item[1].decode("utf-8", "replace")] = value

    def _end(self, offset: int) -> Iterator[Record]:
        """What was collected, as a record."""
        if self._counts is None:
            return
        counts, values = self._counts, self._values
        self._counts, self._values = None, {}
        values = {name: value for name, value in values.items() if name not in _COUNTERS}
        if not values or not counts:
            return
        printed = list(values)
        meaning = plan(printed, _KINDS, _RENAME)
        named = {slot.name: values[printed[slot.index]] for slot in meaning.slots}
        began, line = self._began
        yield from separate(Record(meaning.kind or "info", "listing", began - offset, 0, counts | named, line=line), _EVAL)
