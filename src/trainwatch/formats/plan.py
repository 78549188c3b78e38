"""What a set of printed names means: which kind of record, and which column each value goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from trainwatch.formats.names import names
from trainwatch.model.block import Kind


@dataclass(frozen=True, slots=True)
class KindRule:
    """A record is of `kind` when it holds a name for every pattern of `has` (shell wildcards)."""

    kind: Kind | None
    has: tuple[str, ...] = ()

    def holds(self, printed: Sequence[str]) -> bool:
        """Whether a record with these names is of the kind."""
        return all(any(fnmatchcase(name, pattern) for name in printed) for pattern in self.has)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes: column `name`, from the `index`-th value, times `factor`."""

    name: str
    index: int
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The kind of a record and its columns in printed order; `kind` None: not a record."""

    kind: Kind | None
    slots: tuple[Slot, ...]


def plan(printed: Sequence[str], kinds: Sequence[KindRule], rename: Mapping[str, str], units: Sequence[float] = ()) -> Plan:
    """Decide what a record with these printed names is. `rename` goes before the common words."""
    kind = next((rule.kind for rule in kinds if rule.holds(printed)), None)
    slots: dict[str, Slot] = {}
    for index, name in enumerate(printed):
        factor = units[index] if index < len(units) else 1.0
        column = rename.get(name) or names().canonical.get(name, name)
        slots.setdefault(column if column not in slots else name, Slot(column if column not in slots else name, index, factor))
    _main(kind, printed, slots)
    return Plan(kind, tuple(slots.values()))


def _main(kind: Kind | None, printed: Sequence[str], slots: dict[str, Slot]) -> None:
    """Give the main loss its name; a printed name that differs stands beside it."""
    if kind == "train" and "loss" not in slots:
        name = next((name for name in names().train if name in printed), None) or _only_loss(printed)
        if name is not None:
            slots["loss"] = Slot("loss", list(printed).index(name))
    elif kind == "eval" and "eval_loss" not in slots:
        name = next((name for name in names().eval if name in printed), None)
        if name is not None:
            slots["eval_loss"] = Slot("eval_loss", list(printed).index(name))
            if name == "loss":
                del slots["loss"]


def _only_loss(printed: Sequence[str]) -> str | None:
    """The first name that ends in `loss`, when no usual one is there."""
    return next((name for name in printed if name.lower().endswith("loss")), None)
