"""The words for what logs print, from `names.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Names:
    """Printed names and ours.

    `canonical` maps printed to our names; `train` and `eval` list main losses, the first that is there counts; `facts` maps printed to
    known configuration names.
    """

    canonical: dict[str, str]
    train: tuple[str, ...]
    eval: tuple[str, ...]
    facts: dict[str, str]


@cache
def names() -> Names:
    """The words, read once."""
    data = tomllib.loads(Path(__file__).with_name("names.toml").read_text("utf-8"))
    canonical = {printed: name for name, several in data["canonical"].items() for printed in several}
    facts = {printed: name for name, several in data["facts"].items() for printed in (name, *several)}
    return Names(canonical, tuple(data["main"]["train"]), tuple(data["main"]["eval"]), facts)
