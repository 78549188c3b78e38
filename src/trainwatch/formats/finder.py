"""Finds the records of one shape in a stretch of the log as a whole."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from trainwatch.formats.colours import coloured, uncoloured
from trainwatch.formats.columns import columns as columns_of
from trainwatch.formats.gaps import may_precede
from trainwatch.formats.plan import Plan, Slot
from trainwatch.formats.quick import Quick
from trainwatch.formats.ranks import tag
from trainwatch.formats.run import Run
from trainwatch.formats.search import Found, even_lines, filling, scattered

REST = 16
"""So many stretches are not tried as even lines after one that was not."""

LEAST = 1 << 11
"""A shorter stretch, in bytes, is not tried as even lines, and says nothing of what is constant: of a log that is followed, a line may come at a time."""

MAX_PREFIXES = 8
"""A log with more kinds of texts before its records has none that are part of a pattern."""

MAX_FOLDS = 16
"""So often constants are taken into a pattern; a log whose constants change more often has none."""


class Finder:
    """Finds the runs of one shape; values that do not change become part of the pattern, until they do.

    With `only`, columns of other names are left out, except the epoch of records that print no step.
    """

    def __init__(self, shape: Quick, plan: Plan, only: AbstractSet[str] = frozenset()) -> None:
        slots = _wanted(plan, only)
        self._whole, self._narrow = shape, replace(shape, wanted=frozenset(slot.index for slot in slots))
        self._shape, self._plan = self._narrow, replace(plan, slots=slots)
        self._is_stepped = any(slot.name == "step" for slot in plan.slots)
        self._admitted: AbstractSet[bytes] = frozenset()
        self._folded: Quick | None = None
        self._constants: dict[int, bytes] = {}
        self._folds = 0
        self._fills_lines = True
        self._rest = 0
        self._coloured = Finder(shape, plan) if only and slots != plan.slots else self

    @property
    def prefixes(self) -> tuple[bytes, ...]:
        """The skeletons behind which records are found in their lines."""
        return self._shape.prefixes

    def admit(self, prefixes: AbstractSet[bytes]) -> None:
        """Records may stand behind these skeletons in their lines. Where some name ranks, every value tells copies apart."""
        if prefixes == self._admitted:
            return
        self._admitted = frozenset(prefixes)
        known = tuple(sorted(prefix for prefix in prefixes if may_precede(prefix, anywhere=self._shape.anywhere)))
        known = known if len(known) <= MAX_PREFIXES else ()
        if known != self._shape.prefixes:
            self._shape = replace(self._whole if any(map(tag, known)) else self._narrow, prefixes=known)
            self._folded, self._rest = None, 0
        if self._coloured is not self:
            self._coloured.admit(prefixes)

    def find(self, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The run in `data[start:stop]`, where `start` is at least 1; None when there is none, or a value is no plain number."""
        raw = data[start - 1 : stop] if self._is_stepped and data.find(b"\x1b", start, stop) >= 0 else b""
        text = uncoloured(raw)
        if text == raw:
            return self._found(data, start, stop, base)
        run = self._coloured._found(text, 1, len(text), base)  # noqa: SLF001  another finder of the same shape
        return None if run is None else coloured(run, text, raw, start - 1, self._shape.prefixes)

    def _found(self, data: bytes, start: int, stop: int, base: int) -> Run | None:
        """The same where there are no colours."""
        found = self._even(data, (start, stop), base)
        if found is not None:
            return self._run(self._shape, found, base)
        if self._folded is not None:
            run = self._find(self._folded, data, (start, stop), base)
            if run is not None and not any(map(self._shape.pattern.search, run.odd.values())):
                return run
        run = self._find(self._shape, data, (start, stop), base)
        if run is not None and stop - start >= LEAST:
            self._fold(run)
        return run

    def _fold(self, run: Run) -> None:
        """Take into the pattern what two stretches say alike."""
        constants = {index: texts[0] for index, texts in run.texts.items() if texts[0] == texts[-1] and texts.count(texts[0]) == len(texts)}
        alike = {index: text for index, text in constants.items() if self._constants.get(index) == text}
        self._constants = constants
        if len(alike) == len(run.texts):
            alike.popitem()
        if self._folded is not None and self._folded.constants.items() <= constants.items():
            return
        self._folded = None
        if alike and self._folds < MAX_FOLDS:
            self._folds += 1
            self._folded = replace(self._shape, constants=alike)

    def _find(self, shape: Quick, data: bytes, extent: tuple[int, int], base: int) -> Run | None:
        """The run of a shape in a stretch. Every line is taken for a record as long as every line was one."""
        found = filling(shape, data, extent, base) if self._fills_lines else None
        if found is None:
            found = scattered(shape, data, extent, base)
            self._fills_lines = found is not None and found.fills_lines
        return self._run(shape, found, base) if found is not None else None

    def _even(self, data: bytes, extent: tuple[int, int], base: int) -> Found | None:
        """The records of a stretch of even lines; behind one that is not, some more are not tried."""
        if self._rest or extent[1] - extent[0] < LEAST:
            self._rest = max(self._rest - 1, 0)
            return None
        found = even_lines(self._shape, data, extent, base)
        self._rest = REST if found is None else 0
        return found

    def _run(self, shape: Quick, found: Found, base: int) -> Run | None:
        """What was found, as a run; None when a value is no number."""
        texts = shape.columns(found.texts, len(found.offsets))
        try:
            columns = columns_of(self._plan, texts, float)
        except ValueError:
            return None
        return Run(base, texts, len(texts) == len(shape.literals) - 1, columns, found.offsets, found.odd, found.adjacent, found.ranks)


def _wanted(plan: Plan, only: AbstractSet[str]) -> tuple[Slot, ...]:
    """The slots that are asked for; all of them where none has one of the names."""
    stepped = any(slot.name == "step" for slot in plan.slots)
    names = only if stepped else only | {"epoch"}
    return tuple(slot for slot in plan.slots if slot.name in names) if any(slot.name in only for slot in plan.slots) else plan.slots
