from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import load

ROOT = Path(os.environ.get("TRAINWATCH_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")


def counted() -> list[tuple[str, dict[str, object]]]:
    """The logs of the corpus whose NaN losses somebody counted."""
    lines = (ROOT / "EXPECT.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["file"], row["truth"]) for row in rows if "nan_loss" in (row.get("truth") or {})]


@pytest.mark.corpus
@pytest.mark.skipif(not (ROOT / "EXPECT.jsonl").exists(), reason=f"no corpus of real logs at {ROOT} (TRAINWATCH_CORPUS names one)")
def test_no_log_without_a_nan_is_said_to_have_one() -> None:
    """non_finite is silent on every real log in which nobody counted a NaN or infinite loss."""
    preset = load("default")
    clean = [file for file, truth in counted() if truth["nan_loss"] == 0 and truth.get("inf_loss", 0) == 0]
    alarmed = [
        (file, event.why)
        for file in clean
        for event in fold_files([ROOT / file], preset=preset).events
        if event.rule == "non_finite" and event.evidence and "grad_norm" not in event.evidence[-1].name
    ]

    assert len(clean) > 50
    assert alarmed == []
