from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import load

ROOT = Path(os.environ.get("TRAINWATCH_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")


def logs() -> list[tuple[str, dict[str, object]]]:
    """The logs of the corpus, each with what somebody counted in it."""
    rows = [json.loads(line) for line in (ROOT / "EXPECT.jsonl").read_text().splitlines()]
    return [(row["file"], row.get("truth") or {}) for row in rows]


def raised(files: list[str], *rules: str) -> list[tuple[str, str]]:
    """What `default` raises over these logs: only by these rules, where any are named."""
    preset = load("default")
    found = [(file, event) for file in files for event in fold_files([ROOT / file], preset=preset).events]
    return [(file, event.why) for file, event in found if not rules or event.rule in rules]


pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (ROOT / "EXPECT.jsonl").exists(), reason=f"no corpus of real logs at {ROOT} (TRAINWATCH_CORPUS names one)"),
]


def test_no_log_without_a_nan_is_said_to_have_one_or_another_schedule() -> None:
    """non_finite and lr_schedule_mismatch are silent on every real log in which nobody counted a NaN or infinite loss."""
    clean = [file for file, truth in logs() if truth.get("nan_loss") == 0 and truth.get("inf_loss", 0) == 0]

    assert len(clean) > 50
    assert raised(clean, "non_finite", "lr_schedule_mismatch") == []


def test_nothing_is_raised_over_a_healthy_run() -> None:
    """Not one alert of any rule of `default` on the runs that are known to be healthy."""
    healthy = [file for file, truth in logs() if truth.get("shape") == "healthy"]

    assert len(healthy) > 50
    assert raised(healthy) == []
