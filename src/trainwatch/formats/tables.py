"""Tables: comma-separated values under a header, and boxes of `| name | value |` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainwatch.formats.findings import main_loss
from trainwatch.formats.numbers import number
from trainwatch.formats.plan import KindRule, plan
from trainwatch.formats.record import Record, separate

MAX_CELLS = 500
_NAME = re.compile(rb"[ \t]{0,40}\"?[A-Za-z][\w /().:%@-]{0,60}\"?[ \t]{0,40}")
_COUNTERS = frozenset({b"epoch", b"step", b"iteration", b"iter", b"global_step", b"i", b"batch"})
_CELL = re.compile(rb"\|[ ]{1,60}([\w/ .-]{1,60}?)[ ]{0,60}\|[ ]{0,60}([^|\r\n]{0,60}?)[ ]{0,60}\|[ ]{0,9}\Z")
_RULE = re.compile(rb"-{8,400}[ ]{0,9}\Z")
_EVAL = ("val/*", "val_*", "eval/*", "eval_*", "test/*", "test_*", "valid*", "metrics/*")
_KINDS = (
    *(KindRule("train", (name,)) for name in ("loss", "train_loss", "train/loss", "train_loss*", "train/*loss*")),
    *(KindRule("eval", (pattern,)) for pattern in _EVAL),
    KindRule("train", ("*_loss",)),
    KindRule("info"),
)
_RENAME = {"i": "step", "NumIters": "step", "time/total_timesteps": "step", "train/learning_rate": "learning_rate"}


class Tables:
    """Reads the tables of one source, line by line."""

    def __init__(self) -> None:
        self._header: list[str] = []
        self._section = ""
        self._box: dict[str, float] = {}

    def read(self, line: bytes, number: int = 0) -> Iterator[Record]:
        """The records that this line, the `number`-th of the source, completes."""
        if line.startswith(b"|"):
            self._cell(line)
        elif self._box and _RULE.match(line):
            box, self._box = self._box, {}
            if "time/total_timesteps" in box:
                yield from _records(box, len(line))
        elif b"," in line:
            yield from self._row(line, is_first=number == 1)

    def _cell(self, line: bytes) -> None:
        """A line of a box: a section, or a name and its value."""
        cell = _CELL.match(line)
        if cell is None or len(self._box) > MAX_CELLS:
            return
        name = cell[1].decode("utf-8", "replace").strip()
        if name.endswith("/"):
            self._section = name
            return
        value = number(cell[2])
        if value is not None and self._section:
            self._box[self._section + name] = value

    def _row(self, line: bytes, *, is_first: bool) -> Iterator[Record]:
        """A header, or a row under one. A header that the source begins with needs no counter."""
        cells = line.split(b",", MAX_CELLS)
        row = _values(self._header, cells) if len(cells) == len(self._header) else {}
        if row:
            yield from _records(row, len(line))
        elif len(cells) > 2 and all(map(_NAME.fullmatch, cells)):
            names = [cell.strip(b' \t"') for cell in cells]
            counts = is_first or not _COUNTERS.isdisjoint(name.lower() for name in names)
            if counts and any(b"loss" in name.lower() for name in names) and len(set(names)) == len(names):
                self._header = [name.decode("utf-8", "replace") for name in names]


def _values(header: list[str], cells: list[bytes]) -> dict[str, float]:
    """The numbers of a row by name; nothing when it is none. A row that counts may hold text beside its losses: a time, a name."""
    numbers = {name: number(cell) for name, cell in zip(header, cells, strict=True)}
    texts = [name.lower() for name, cell in zip(header, cells, strict=True) if numbers[name] is None and cell.strip()]
    values = {name: value for name, value in numbers.items() if value is not None}
    counts = any(name.lower().encode() in _COUNTERS for name in values)
    if texts and (not counts or any("loss" in name or name.encode() in _COUNTERS for name in texts)):
        return {}
    return values


def _records(row: dict[str, float], end: int) -> Iterator[Record]:
    """A row as a train record, an evaluation, or both."""
    printed = list(row)
    meaning = plan(printed, _KINDS, _RENAME)
    values = {slot.name: row[printed[slot.index]] for slot in meaning.slots}
    main = main_loss(printed) if meaning.kind == "train" and "loss" not in values else None
    if main is not None:
        values["loss"] = row[main]
    yield from separate(Record(meaning.kind or "info", "tables", 0, end, values), _EVAL)
