"""Logs that are not part of the project: read where they are, skipped elsewhere."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from tests.formats.reading import read_in

FOLDER = Path(os.environ.get("TRAINWATCH_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
LOGS = sorted(p for p in FOLDER.rglob("*") if p.is_file() and p.suffix != ".csv" and p.name not in ("EXPECT.jsonl", "README.md"))


@pytest.mark.corpus
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not LOGS, reason=f"no logs in {FOLDER}; TRAINWATCH_CORPUS names another folder")
def test_every_log_is_read_the_same_by_both_drivers_and_in_any_pieces() -> None:
    """Real logs of many frameworks: no error, and the same records whatever the way."""
    draw = random.Random(7)
    for path in LOGS:
        data = path.read_bytes()[:400_000]
        found = read_in(data, [])
        assert read_in(data, [draw.randrange(1 << 24) for _ in range(25)]) == found, path
        assert read_in(data, [], fast=False) == found, path
