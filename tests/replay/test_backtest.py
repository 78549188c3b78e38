from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.rules.records import curve
from tests.seeds import overfit_log

from trainwatch.model.errors import NotFoundError
from trainwatch.replay.backtest import backtest
from trainwatch.rules.preset import load


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The overfit run as a log."""
    path = tmp_path / "train.out"
    path.write_text(overfit_log())
    return path


def test_the_stop_is_the_first_verdict_that_would_stop(log: Path) -> None:
    """Overfit red at the sixth evaluation, with index, step and value; best and events beside it."""
    found = backtest(log, preset=load("default"))

    assert found["stop"] == {"rule": "overfit", "severity": "red", "eval_index": 5, "step": 60, "value": 0.1544}
    assert found["best"] == {"eval_index": 2, "step": 30, "value": 0.1376}
    assert (found["file"], found["evals"]) == (str(log), 20)
    assert [e["severity"] for e in found["events"] if e["rule"] == "overfit"] == ["yellow", "orange", "red", "black"]
    assert all(e["source"] == str(log) and e["line"] for e in found["events"])


def test_the_entry_is_strict_json(tmp_path: Path) -> None:
    """NaN and infinity in values and evidence are texts."""
    path = tmp_path / "train.out"
    path.write_text("".join(f"{{'loss': nan, 'grad_norm': inf, 'epoch': {i}}}\n" for i in range(5)))
    found = backtest(path, preset=load("default"))

    assert json.loads(json.dumps(found, allow_nan=False))["stop"]["rule"] == "non_finite"
    assert found["best"] is None


def test_no_rule_no_stop(log: Path) -> None:
    """A preset without rules stops nothing and still knows the best."""
    found = backtest(log, preset=load("off"))

    assert (found["stop"], found["events"], found["best"]["step"]) == (None, [], 30)


def test_a_history_may_be_export_lines_with_nothing_but_kind_and_values(tmp_path: Path) -> None:
    """Only `kind` and `values` are needed; the configuration comes as an event."""
    path = tmp_path / "history.jsonl"
    rows = curve([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [1.0, 0.9, 0.8, 0.9, 1.0, 1.1, 1.2])
    lines: list[dict[str, object]] = [{"kind": "event", "values": {"event": "config", "total_steps": 70, "eval_steps": 10}}]
    lines += [{"kind": kind, "step": values["step"], "values": {k: v for k, v in values.items() if k != "step"}} for kind, values in rows]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert backtest(path, preset=load("default"))["stop"]["eval_index"] == 5


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error is the one for targets that do not exist."""
    with pytest.raises(NotFoundError, match=r"missing\.out"):
        backtest(tmp_path / "missing.out", preset=load("default"))
