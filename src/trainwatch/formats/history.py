"""JSON documents that hold a list of entries, object by object, however they are laid out.

Such are the log_history of a trainer_state.json, any other list of a document whose entries count, and a file that is a list itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from trainwatch.formats.objects import EVALUATED, from_object
from trainwatch.formats.record import Record, separate
from trainwatch.model.facts import Facts

COUNTED = {"step", "epoch"}
MAX_LINES = 400
"""An object of more lines than this is no log entry."""

_TOP = re.compile(rb'"(max_steps|num_train_epochs|eval_steps|save_steps|logging_steps|train_batch_size)": ([0-9.eE+-]{1,30})')
_LIST = re.compile(rb'"[^"\\]{1,60}": ?\[\Z')
_COMPACT = re.compile(rb'\{.{0,2000}?"[^"\\]{1,60}": ?\[ ?(?=\{)', re.DOTALL)
_HISTORY = b'"log_history": ['
_NAMES = {"max_steps": "total_steps", "train_batch_size": "per_device_train_batch_size"}


class History:
    """Reads the lines of one source.

    Nothing is a record before a list began: `"log_history": [`, `[` as the first of all, any list of a source that begins with `{`.
    """

    def __init__(self, facts: Facts, source: str) -> None:
        self._facts, self._source = facts, source
        self.inside = False
        self._lines: list[bytes] = []
        self._start = self._depth = 0
        self._format = "trainer_state"
        self._is_document = False

    def read(self, line: bytes, offset: int, line_number: int) -> Iterator[Record]:
        """Records whose end is on this line; their positions are relative to the line, and negative when they began before it."""
        text = line.strip()
        if self.inside:
            yield from self._inside(text, offset)
            return
        if line_number == 1:
            self._is_document = text[:1] == b"{"
        rest = self._begin(text, line_number)
        if rest is None:
            self._fact(text, line_number)
        elif rest:
            yield from self._compact(rest, line.find(rest), line_number)

    def _begin(self, text: bytes, line_number: int) -> bytes | None:
        """Look whether a list begins; returns what of it stands on the line, None where none begins."""
        at = text.find(_HISTORY)
        if at >= 0:
            return self._list("trainer_state", text[at + len(_HISTORY) :])
        if line_number == 1 and (text == b"[" or text.startswith((b"[{", b"[ {"))):
            return self._list("json", text[1:])
        if not self._is_document:
            return None
        compact = _COMPACT.match(text) if line_number == 1 and _record(text) is None else None
        if compact is not None:
            return self._list("document", text[compact.end() :])
        return self._list("document", b"") if _LIST.match(text) is not None else None

    def _list(self, form: str, rest: bytes) -> bytes:
        """A list begins."""
        self.inside, self._format = True, form
        return rest

    def _inside(self, text: bytes, offset: int) -> Iterator[Record]:
        """A line of a list: of an entry, which may be spread over several, or the end of the list."""
        if not self._lines:
            self.inside = text[:1] in (b"{", b",", b"")
            if text[:1] != b"{":
                return
            self._start, self._depth = offset, 0
        if len(self._lines) <= MAX_LINES:
            self._lines.append(text)
        self._depth += text.count(b"{") - text.count(b"}")
        if self._depth <= 0:
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
        """One entry as a record. In a document that says nothing of what its lists are, an entry has to count."""
        record = _record(block)
        if record is None or (self._format == "document" and not COUNTED & record.values.keys()):
            return
        is_state = self._format == "trainer_state"
        record.format, record.start, record.end = "trainer_state" if is_state else "json", position, position + len(block)
        yield from separate(record, () if is_state else EVALUATED)


def _record(text: bytes) -> Record | None:
    """An object as a record; None when it is something else."""
    try:
        item = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return from_object(item) if isinstance(item, dict) else None
