"""Formats against their own samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from trainwatch.formats.reader import Reader
from trainwatch.formats.schema import Format
from trainwatch.formats.where import line_of
from trainwatch.model.block import Block
from trainwatch.model.errors import Mistake
from trainwatch.model.facts import Facts


def failures(fmt: Format, text: str = "") -> list[Mistake]:
    """What the samples of a format expect and the reader does not find; empty when all holds. `text` is its file, for the lines."""
    found: list[tuple[str, str]] = []
    for i, sample in enumerate(fmt.samples):
        facts = Facts()
        blocks = Reader("sample", facts=facts, formats=(fmt,)).feed(sample.text.encode(), 0, final=True)
        rows = [(block, row) for block in blocks for row in range(len(block))]
        key = f"sample[{i}]"
        if len(rows) != len(sample.expect):
            found.append((key, f"{len(rows)} records, expected {len(sample.expect)}"))
        for k, ((block, row), expect) in enumerate(zip(rows, sample.expect, strict=False)):
            found += [(f"{key}.record[{k}].{name}", told) for name, told in _differences(block, row, expect)]
        for name, value in sample.facts.items():
            got = facts[name].value if name in facts else None
            if not _same(got, value):
                found.append((f"{key}.facts.{name}", f"{got!r}, expected {value!r}"))
    return [Mistake(fmt.origin, key, told, line_of(text, key)) for key, told in found]


def _differences(block: Block, row: int, expect: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(key, what differs) between a record and what is expected of it; keys that are not named are not compared."""
    got: dict[str, object] = {"kind": block.kind, "step": block.step(row), "epoch": block.epoch(row), "line": block.line(row)}
    values = block.values(row)
    pairs = [(key, got[key], expect[key]) for key in got if key in expect]
    pairs += [(f"values.{name}", values.get(name), value) for name, value in expect.get("values", {}).items()]
    return [(key, f"{have!r}, expected {want!r}") for key, have, want in pairs if not _same(have, want)]


def _same(have: object, want: object) -> bool:
    """Equal, with NaN like NaN and a rounding error forgiven."""
    if isinstance(have, (int, float)) and isinstance(want, (int, float)):
        return (have != have and want != want) or math.isclose(have, want, rel_tol=1e-9)  # noqa: PLR0124
    return have == want
