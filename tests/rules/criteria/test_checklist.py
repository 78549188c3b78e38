"""Success criteria: what is met, missed, projected, and what nobody can judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, blocks

from trainwatch.model.criterion import CriterionStatus
from trainwatch.model.errors import DataFileError
from trainwatch.model.facts import Facts, FactValue
from trainwatch.rules.board import Board
from trainwatch.rules.preset import Preset, load

WANTED = """\
extends = "default"
[[criterion]]
name = "eval loss"
metric = "eval_loss"
is = "< 50"
by = "epoch 1"
[[criterion]]
name = "gap"
metric = "gap"
is = "< 2"
[[criterion]]
name = "no NaN"
rule = "non_finite"
[[criterion]]
name = "accuracy"
metric = "eval_accuracy"
is = ">= 0.9 * target_accuracy"
"""

MISTAKEN = """\
[[criterion]]
metric = "eval_loss"
is = "about 50"
[[criterion]]
name = "b"
metric = "eval_loss"
is = "< 50"
by = "tomorrow"
when = "sometimes"
untli = "end"
[[criterion]]
name = "c"
rule = "nobody"
metric = "loss"
[[criterion]]
name = "d"
by = 3
[[case]]
criterion = "nothing"
"""


def preset(tmp_path: Path, text: str = WANTED) -> Preset:
    """A rules file of one's own."""
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return load(str(file))


def power(count: int, every: int = 100, *, floor: float = 20.0, per_epoch: int = 2000) -> list[Row]:
    """Evaluations on a power law: floor + 400 / sqrt(step), 50 at step 178; train losses two thirds of them."""
    rows: list[Row] = []
    for step in range(every, (count + 1) * every, every):
        value, at = floor + 400 * step**-0.5, {"step": float(step), "epoch": step / per_epoch}
        rows += [("train", {**at, "loss": value / 1.5}), ("eval", {**at, "eval_loss": value})]
    return rows


def judged(
    wanted: Preset, rows: Sequence[Row], facts: Mapping[str, FactValue] | None = None, *, over: bool = False, cuts: Sequence[int] = ()
) -> dict[str, CriterionStatus]:
    """How each criterion stands after the records."""
    board = Board(wanted, Facts(facts))
    for block in blocks(rows, cuts):
        board.observe(block)
    return {c.name: c for c in board.criteria(over=over)}


def test_a_limit_that_was_reached_is_met_for_good(tmp_path: Path) -> None:
    """Below 50 once before the end of epoch 1 is enough, whatever comes after it; the evaluation that did it is named."""
    rows = [*power(4), ("eval", {"step": 500.0, "epoch": 0.25, "eval_loss": 70.0})]
    found = judged(preset(tmp_path), rows)["eval loss"]

    assert (found.state, found.step, found.target) == ("met", 200, "eval_loss < 50 by the end of epoch 1")
    assert "is below 50" in found.why


def test_where_a_run_is_heading(tmp_path: Path) -> None:
    """Six evaluations of a power law promise its value at the deadline, and where the limit is passed; five promise nothing."""
    wanted = preset(tmp_path)
    few, enough = (judged(wanted, power(count, floor=40.0))["eval loss"] for count in (5, 6))

    assert few.state == "cannot be judged"
    assert "5 of the 6 values" in few.why
    assert (enough.state, enough.axis, enough.deadline) == ("on course", "epoch", 1)
    assert enough.projected == pytest.approx(40 + 400 * 2000**-0.5, rel=1e-6)
    assert enough.reached_at is not None
    assert enough.reached_at * 2000 == pytest.approx(1600, rel=1e-6)
    assert "30.0 % of the way" in enough.assumption


def test_a_limit_out_of_reach_is_said_before_the_deadline(tmp_path: Path) -> None:
    """Off course while it can still change; missed once epoch 1 is over, or the run."""
    wanted, rows = preset(tmp_path), power(10, floor=60.0)
    late: Row = ("train", {"step": 2010.0, "epoch": 1.005, "loss": 1.0})

    assert judged(wanted, rows)["eval loss"].state == "off course"
    assert judged(wanted, [*rows, late])["eval loss"].state == "missed"
    assert judged(wanted, rows, over=True)["eval loss"].state == "missed"


def test_what_comes_after_the_deadline_does_not_count(tmp_path: Path) -> None:
    """An evaluation below 50 in epoch 2 is too late."""
    rows: list[Row] = [("eval", {"step": s, "epoch": s / 10, "eval_loss": v}) for s, v in ((5.0, 90.0), (10.0, 60.0), (12.0, 40.0))]
    found = judged(preset(tmp_path), rows)["eval loss"]

    assert (found.state, found.value) == ("missed", 60)


def test_the_gap_is_judged_at_the_end(tmp_path: Path) -> None:
    """Eval loss over the train loss before it: 1.5 keeps below 2; a healthy beginning is not enough."""
    wanted, rows = preset(tmp_path), power(8)
    wide: list[Row] = [("train", {"step": 900.0, "epoch": 0.45, "loss": 10.0}), ("eval", {"step": 900.0, "epoch": 0.45, "eval_loss": 33.0})]

    assert judged(wanted, rows, over=True)["gap"].state == "met"
    ended = judged(wanted, [*rows, *wide], over=True)["gap"]
    assert (ended.state, ended.value) == ("missed", 3.3)
    assert judged(wanted, rows)["gap"].state == "cannot be judged"
    assert judged(wanted, rows, {"total_steps": 2000.0})["gap"].state == "on course"


def test_a_rule_that_must_not_fire(tmp_path: Path) -> None:
    """On course while it is silent, met at the end, missed at its first event, blind where it is."""
    wanted, rows = preset(tmp_path), power(3)
    sick: list[Row] = [*rows, ("train", {"step": 310.0, "epoch": 0.155, "loss": float("nan")}), *power(1)]

    assert judged(wanted, rows)["no NaN"].state == "on course"
    assert judged(wanted, rows, over=True)["no NaN"].state == "met"
    missed = judged(wanted, sick, over=True)["no NaN"]
    assert (missed.state, missed.step) == ("missed", 310)


def test_what_nobody_printed_cannot_be_judged(tmp_path: Path) -> None:
    """A metric that is not there, or a fact that the limit asks for, is named; that is no miss."""
    wanted, rows = preset(tmp_path), power(3)
    with_accuracy = [(k, {**v, "eval_accuracy": 0.7} if k == "eval" else v) for k, v in rows]

    for over in (False, True):
        found = judged(wanted, rows, {"target_accuracy": 0.5}, over=over)["accuracy"]
        assert (found.state, found.why) == ("cannot be judged", "no eval_accuracy has been printed")
    assert "--fact target_accuracy=NUMBER" in judged(wanted, with_accuracy, over=True)["accuracy"].why
    assert judged(wanted, with_accuracy, {"target_accuracy": 0.5}, over=True)["accuracy"].state == "met"


def test_a_run_that_begins_anew_has_reached_nothing(tmp_path: Path) -> None:
    """Steps that go back to the first: the limit has to be reached again. A resume keeps what was reached."""
    wanted, rows = preset(tmp_path), power(20)
    again: Row = ("train", {"step": 100.0, "epoch": 0.05, "loss": 60.0})
    resumed: Row = ("train", {"step": 1500.0, "epoch": 0.75, "loss": 60.0})

    assert judged(wanted, [*rows, again])["eval loss"].state == "cannot be judged"
    assert judged(wanted, [*rows, resumed])["eval loss"].state == "met"


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(1, 59), max_size=12), floor=st.floats(0, 100))
def test_criteria_do_not_depend_on_how_records_are_cut(cuts: list[int], floor: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same checklist for one block and for many."""
    wanted = preset(tmp_path_factory.mktemp("rules"))
    rows: list[Row] = [("train", {"step": float(s), "loss": floor + 90 / s}) for s in range(1, 60)]
    text = wanted_of_train(tmp_path_factory.mktemp("rules"))

    for over in (False, True):
        assert judged(wanted, rows, over=over, cuts=sorted(set(cuts))) == judged(wanted, rows, over=over)
        assert judged(text, rows, over=over, cuts=sorted(set(cuts))) == judged(text, rows, over=over)


def wanted_of_train(tmp_path: Path) -> Preset:
    """A criterion about every train record."""
    return preset(tmp_path, '[[criterion]]\nname = "low"\nmetric = "loss"\nis = "< 80"\nwhen = "always"\nby = "step 40"\n')


def test_all_mistakes_of_criteria_are_told_at_once(tmp_path: Path) -> None:
    """Each with line and key, and what would be right."""
    with pytest.raises(DataFileError) as error:
        preset(tmp_path, MISTAKEN)

    assert {(m.key, m.line) for m in error.value.mistakes} == {
        ("criterion[1].name", 1),
        ("criterion[1].is", 3),
        ("criterion[2].by", 8),
        ("criterion[2].when", 9),
        ("criterion[2].untli", 10),
        ("criterion[3].rule", 13),
        ("criterion[3].metric", 14),
        ("criterion[4].by", 17),
        ("case[1].criterion", 19),
    }


def test_the_last_criterion_of_a_name_counts(tmp_path: Path) -> None:
    """A name that is used twice counts once, as it stands last."""
    text = '[[criterion]]\nname = "a"\nmetric = "loss"\nis = "< 1"\n[[criterion]]\nname = "a"\nmetric = "loss"\nis = "< 2"\n'
    (found,) = preset(tmp_path, text).criteria

    assert found.target == "loss < 2 by the end of the run"
