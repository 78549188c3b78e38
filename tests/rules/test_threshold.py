"""Rules of one's own on any metric."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, blocks, climbed

from trainwatch.model.errors import DataFileError
from trainwatch.model.facts import Facts
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.condition import parse
from trainwatch.rules.plan import Plan
from trainwatch.rules.preset import load


def raised(folder: Path, text: str, rows: list[Row], **facts: float) -> list[Event]:
    """What a rules file of one's own says to the records, whole and row by row."""
    file = folder / "mine.toml"
    file.write_text(text)
    whole, single = Board(load(str(file)), Facts(facts)), Board(load(str(file)), Facts(facts))
    events = [e for block in blocks(rows) for e in whole.observe(block)]

    assert repr([e for block in blocks(rows, range(len(rows))) for e in single.observe(block)]) == repr(events)
    assert repr(single.statuses()) == repr(whole.statuses())
    return events


def test_a_metric_beyond_its_limits(tmp_path: Path) -> None:
    """Yellow, red, and withdrawn at once when it is back; the sentence names value, limit and what the owner wrote."""
    text = '[[rule]]\nname = "hot"\nkind = "threshold"\nsettings = { metrics = ["loss_aux"], yellow = "> 1", red = "> 10", about = "call me" }\n'
    rows: list[Row] = [("train", {"step": float(i), "loss": 2.0, "loss_aux": v}) for i, v in enumerate([0.5, 2.0, 20.0, 0.1], 1)]
    events = raised(tmp_path, text, rows)

    assert [(e.verdict, e.severity.word, e.step) for e in events] == [("fired", "yellow", 2), ("fired", "red", 3), ("withdrawn", "red", 4)]
    assert events[0].why == "loss_aux 2 at step 2 is above 1: call me"


def test_the_median_of_a_window_and_a_start(tmp_path: Path) -> None:
    """Single values do not count, and nothing counts before the step named."""
    text = '[[rule]]\nname = "low"\nkind = "threshold"\nsettings = { metrics = ["acc"], orange = "< 0.5", window = 3, after = 4 }\n'
    values = [0.1, 0.1, 0.1, 0.9, 0.1, 0.9, 0.1, 0.1, 0.9]
    events = raised(tmp_path, text, [("info", {"step": float(i), "acc": v}) for i, v in enumerate(values, 1)])

    assert climbed(events, "low") == [("orange", 9)]


def test_a_limit_that_hangs_on_the_configuration(tmp_path: Path) -> None:
    """A share of a fact; without the fact the rule is blind."""
    text = '[[rule]]\nname = "long"\nkind = "threshold"\nsettings = { metrics = ["length"], yellow = ">= 0.95 * max_length" }\n'
    rows: list[Row] = [("train", {"step": 1.0, "loss": 1.0, "length": 250.0})]

    assert climbed(raised(tmp_path, text, rows, max_length=256.0), "long") == [("yellow", 1)]
    assert raised(tmp_path, text, rows) == []


def test_a_condition_that_cannot_be_read(tmp_path: Path) -> None:
    """It is a mistake of the file, with its key and what a condition looks like."""
    file = tmp_path / "mine.toml"
    file.write_text('[[rule]]\nname = "x"\nkind = "threshold"\n[rule.settings]\nyellow = "over 9000"\n')
    with pytest.raises(DataFileError) as error:
        load(str(file))

    (mistake,) = error.value.mistakes
    assert mistake.key == "rule[1].settings"
    assert "> 0.2" in mistake.text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([">", ">=", "<", "<="]), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_conditions_compare_as_they_are_written(sign: str, number: float, value: float) -> None:
    """Whatever the number looks like."""
    condition = parse(f" {sign} {number!r}")
    limit = condition.limit(Plan(Facts()))

    assert limit == number
    assert condition.holds(value, number) == {">": value > number, ">=": value >= number, "<": value < number, "<=": value <= number}[sign]
