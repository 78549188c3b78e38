"""The log_history of a trainer_state.json, or a file that is a list of such entries, object by object, however it is laid out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from trainwatch.formats.objects import EVALUATED, from_object
from trainwatch.formats.record import Record, separate
from trainwatch.model.facts import Facts

MAX_LINES = 400
"""An object of more lines than this is no log entry."""

_TOP = re.compile(rb'"(max_steps|num_train_epochs|eval_steps|save_steps|logging_steps|train_batch_size)": ([0-9.eE+-]{1,30})')
_NAMES = {"max_steps": "total_steps", "train_batch_size": "per_device_train_batch_size"}


class History:
    """Reads the lines of one source. Nothing is a record before `"log_history": [` was seen, or `[` began the source, nor after its end."""

    def __init__(self, facts: Facts, source: str) -> None:
        self._facts, self._source = facts, source
        self.inside = False
        self._lines: list[bytes] = []
        self._start = 0
        self._format = "trainer_state"

    def read(self, line: bytes, offset: int, line_number: int) -> Iterator[Record]:
        """Records whose end is on this line; their positions are relative to the line, and negative when they began before it."""
        text = line.strip()
        if line_number == 1 and (text == b"[" or text.startswith((b"[{", b"[ {"))):
            self.inside, self._format = True, "json"
            if text != b"[":
                yield from self._compact(text, line.find(text), line_number)
            return
        if not self.inside:
            at = text.find(b'"log_history": [')
            if at < 0:
                self._fact(text, line_number)
                return
            self.inside = True
            rest = text[at + len(b'"log_history": [') :]
            if rest:
                yield from self._compact(rest, line.find(rest), line_number)
            return
        if self._lines or text == b"{":
            yield from self._inner(text, offset)
        elif text.startswith(b"]"):
            self.inside = False

    def _inner(self, text: bytes, offset: int) -> Iterator[Record]:
        """A line of an entry that is spread over several."""
        if not self._lines:
            self._start = offset
        self._lines.append(text)
        if text not in (b"}", b"},"):
            if len(self._lines) > MAX_LINES:
                self._lines.clear()
            return
        block, self._lines = b"".join(self._lines).rstrip(b","), []
        yield from self._entry(block, self._start - offset)

    def _compact(self, text: bytes, position: int, line_number: int) -> Iterator[Record]:
        """Entries of a file that is one line."""
        for match in re.finditer(rb"\{[^{}]{0,20000}+\}", text):
            yield from self._entry(match[0], position + match.start())
        self.inside = False
        self._fact(text, line_number)

    def _fact(self, text: bytes, line_number: int) -> None:
        """Configuration that the file states at its top level."""
        for match in _TOP.finditer(text):
            name = match[1].decode()
            try:
                value = float(match[2])
            except ValueError:
                continue
            if value > 0:
                self._facts.note(_NAMES.get(name, name), value, self._source, line_number)

    def _entry(self, block: bytes, position: int) -> Iterator[Record]:
        """One entry as a record."""
        try:
            item = json.loads(block)
        except (ValueError, RecursionError):
            return
        record = from_object(item) if isinstance(item, dict) else None
        if record is not None:
            record.format, record.start, record.end = self._format, position, position + len(block)
            yield from separate(record, EVALUATED if self._format == "json" else ())
