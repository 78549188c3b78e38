"""The kinds, from their files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from trainwatch.failures.kind import Decisive, Kind, Sample, Trailing
from trainwatch.model.errors import DataFileError, Mistake


@cache
def kinds(*, samples: bool = False) -> tuple[Kind, ...]:
    """Every kind, by name; with the samples that prove them, which stand last, only where asked for. Raises DataFileError when a file has mistakes."""
    files = sorted(Path(__file__).with_name("kinds").glob("*.toml"))
    texts = {file.name: file.read_text("utf-8") for file in files}
    return tuple(parse(name, text if samples else text.partition("\n[[sample]]")[0]) for name, text in texts.items())


def parse(file: str, text: str) -> Kind:
    """The kind a file describes. Raises DataFileError."""
    try:
        return _kind(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, re.error) as error:
        raise DataFileError([Mistake(file, "", str(error))]) from None
    except KeyError as error:
        raise DataFileError([Mistake(file, str(error.args[0]), "is missing")]) from None


def _kind(table: Mapping[str, Any]) -> Kind:
    """The value of a file's table."""
    return Kind(
        name=table["name"],
        advice=" ".join(table["advice"].split()),
        provable=table.get("provable", True),
        decisive=tuple(_decisive(d) for d in table.get("decisive", ())),
        trailing=tuple(_trailing(t) for t in table.get("trailing", ())),
        echoes=tuple(e.encode() for e in table.get("echoes", ())),
        benign=tuple(b.encode() for b in table.get("benign", ())),
        exceptions=frozenset(table.get("exceptions", ())),
        explained_by=frozenset(table.get("explained_by", ())),
        exit_codes=frozenset(table.get("exit_codes", ())),
        launcher=table.get("launcher", False),
        ranked=table.get("ranked", True),
        samples=tuple(Sample(s["text"], s["line"], s.get("rank")) for s in table.get("sample", ())),
    )


def _decisive(table: Mapping[str, Any]) -> Decisive:
    """One `[[decisive]]`."""
    pattern = table.get("pattern")
    compiled = re.compile(pattern.encode()) if pattern is not None else None
    return Decisive(table["literal"].encode(), compiled, table.get("weak", False), table.get("ends", False), table.get("last", False))


def _trailing(table: Mapping[str, Any]) -> Trailing:
    """One `[[trailing]]`."""
    contrary = table.get("contrary")
    return Trailing(
        table["literal"].encode(),
        re.compile(table["pattern"].encode()),
        re.compile(contrary.encode()) if contrary is not None else None,
        table.get("count", 3),
        table.get("apart", 0),
    )
