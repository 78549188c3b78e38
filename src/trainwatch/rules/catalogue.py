"""The kinds of rules: every module in `kinds/` defines one as `KIND`, of the module's own name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from trainwatch.rules import kinds
from trainwatch.rules.kind import Kind


@cache
def kind_names() -> tuple[str, ...]:
    """The names, in alphabetical order; nothing is imported."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(kinds.__path__)))


@cache
def find(name: str) -> Kind | None:
    """The kind of that name; None when there is none. Only its own module is imported."""
    if name not in kind_names():
        return None
    kind: Kind = importlib.import_module(f"{kinds.__name__}.{name}").KIND
    return kind


def catalogue() -> dict[str, Kind]:
    """Every kind by name, in alphabetical order."""
    found = {name: find(name) for name in kind_names()}
    return {name: kind for name, kind in found.items() if kind is not None}
