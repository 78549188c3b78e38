"""The kinds of rules: every module in `kinds/` that defines `KIND`."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from trainwatch.rules import kinds
from trainwatch.rules.kind import Kind


@cache
def catalogue() -> dict[str, Kind]:
    """Every kind by name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    found: list[Kind] = [importlib.import_module(f"{kinds.__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in found}
