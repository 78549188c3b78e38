from __future__ import annotations

from pathlib import Path

import pytest
from tests.rules.records import Row, blocks, curve, s1

from trainwatch.model.errors import DataFileError, NotFoundError, NotReadableError
from trainwatch.model.facts import Facts
from trainwatch.model.verdict import Severity
from trainwatch.rules.board import Board
from trainwatch.rules.case import Case
from trainwatch.rules.catalogue import catalogue
from trainwatch.rules.preset import builtin_names, load, widened
from trainwatch.rules.schema import line_of
from trainwatch.rules.trial import run

CASES = [(name, case) for name in builtin_names() for case in load(name, cases=True).cases]

MISTAKEN = """\
sumary = "x"
extends = "defualt"

[[rule]]
name = "a"
kind = "no_such_kind"

[[rule]]
name = "b"
kind = "overfit"
ladder = { yellow = "notify", purple = "stop", red = "kill" }
proof = "maybe"

[rule.settings]
patience_of_a_saint = 3
red_loss = "much"
orange_loss = -1

[[case]]
rule = "nobody"
"""


@pytest.mark.parametrize(("preset", "case"), CASES, ids=lambda x: x.name.replace(" ", "-") if isinstance(x, Case) else x)
def test_cases_of_the_presets_hold(preset: str, case: Case) -> None:
    """Each rule of a preset says what the preset's own cases say it does."""
    assert run(load(preset), case) == []


def test_every_rule_of_a_preset_has_a_case() -> None:
    """No rule goes without proof."""
    proven = {(case.rule) for _, case in CASES}

    assert {rule.name for name in builtin_names() for rule in load(name).rules} == proven


def test_a_case_that_is_wrong_fails() -> None:
    """A case is no decoration: with other events expected, it says what it found."""
    preset = load("default", cases=True)
    case = next(c for c in preset.cases if c.rule == "overfit" and c.expect)
    (problem, *_) = run(preset, Case(**{**{k: getattr(case, k) for k in Case.__slots__}, "expect": case.expect[1:]}))

    assert "found fired yellow at 40" in problem


def test_what_a_bare_may_stop_means() -> None:
    """Overfit and hang are not among them: they have to be named."""
    stopping = set(load("default").stopping())

    assert {"non_finite", "memorization", "dead_training"} <= stopping
    assert not stopping & {"overfit", "hang"}


def test_hung_and_broken_runs_are_not_asked_to_save() -> None:
    """They stop on a checkpoint from before the trouble."""
    proofs = {rule.name: rule.proof for rule in load("default").rules}

    assert (proofs["hang"], proofs["non_finite"], proofs["overfit"]) == ("existing", "existing", "fresh")


def test_full_holds_all_of_default_and_every_kind() -> None:
    """Nothing that default judges is lost, and no kind is left out but the counters of frameworks, which have presets of their own."""
    default, full = load("default"), load("full")

    assert [rule.name for rule in full.rules[: len(default.rules)]] == [rule.name for rule in default.rules]
    assert {rule.kind.name for rule in full.rules} == set(catalogue()) - {"framework_patience"}


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """Each with its file, line and key."""
    file = tmp_path / "mine.toml"
    file.write_text(MISTAKEN)
    with pytest.raises(DataFileError) as error:
        load(str(file))

    assert {(m.key, m.line) for m in error.value.mistakes} == {
        ("sumary", 1),
        ("extends", 2),
        ("rule[1].kind", 6),
        ("rule[2].ladder.purple", 11),
        ("rule[2].ladder.red", 11),
        ("rule[2].proof", 12),
        ("rule[2].settings.patience_of_a_saint", 15),
        ("rule[2].settings.red_loss", 16),
        ("rule[2].settings.orange_loss", 17),
        ("case[1].rule", 20),
    }
    assert all(m.file == str(file) and m.text for m in error.value.mistakes)


@pytest.mark.parametrize(
    "text", ["name = ", "rule = 3", "[[rule]]\nname = 3", "case = [1]", "[[rule]]\nname='overfit'\nsettings=1\nladder=[]"]
)
def test_whatever_is_in_a_file_is_answered_with_its_mistakes(text: str, tmp_path: Path) -> None:
    """Text that is not TOML, and values of the wrong shape, are mistakes and no tracebacks."""
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(DataFileError):
        load(str(file))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing and binary files are told apart."""
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotFoundError, match="default"):
        load(str(tmp_path / "missing.toml"))
    with pytest.raises(NotReadableError):
        load(str(tmp_path / "x.toml"))


def test_a_preset_of_ones_own_changes_what_it_names(tmp_path: Path) -> None:
    """It builds on another, leaves rules out, and changes thresholds and ladders one by one."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'extends = "default"\nwithout = ["hang"]\n'
        '[[rule]]\nname = "overfit"\nladder = { red = "notify" }\nsettings = { red_loss = 1 }\n'
        '[[rule]]\nname = "patience"\nkind = "early_stopping"\nsettings = { patience = 7 }\n'
    )
    rules = {rule.name: rule for rule in load(str(file)).rules}

    assert "hang" not in rules
    assert rules["overfit"].ladder == {Severity.RED: "notify"}
    assert (rules["overfit"].settings.red_loss, rules["overfit"].settings.orange_loss) == (1.0, 0.02)
    assert rules["patience"].settings.patience == 7


def test_the_line_of_a_key_is_that_of_its_own_table() -> None:
    """The same key in an earlier table is not taken for it."""
    lines = ["[[rule]]", "name = 1", "[[rule]]", "kind = 2", "name = 3"]

    assert [line_of(lines, key) for key in ("rule[1].name", "rule[2].name", "rule[2].proof", "nothing")] == [2, 5, 3, 0]


def test_the_rules_file_of_the_readme_is_right(tmp_path: Path) -> None:
    """It loads, and the presets it stands beside are those that there are."""
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").split("\n## Rules\n")[1].split("\n## ")[0]
    file = tmp_path / "mine.toml"
    file.write_text(text.split("```toml\n")[1].split("```")[0])
    rules = {rule.name: rule for rule in load(str(file)).rules}

    assert "frozen_eval" not in rules
    assert rules["overfit"].settings.patience == 5
    assert rules["gate_collapse"].ladder[Severity.RED] == "stop"
    assert {word for line in text.splitlines() if line.startswith("| `") for word in line.split("|")[1].split("`")[1::2]} == set(
        builtin_names()
    )


@pytest.mark.parametrize("rows", [s1(), curve([1.0] * 40, [0.5] * 40)], ids=["overfit", "flat"])
def test_rules_beside_change_nothing_that_a_preset_says(rows: list[Row]) -> None:
    """One reading judges both: events, verdicts and phases of the preset's own rules are those of the preset alone."""
    own, every = load("default"), load("full")
    alone, both = Board(own, Facts()), Board(widened(own, every), Facts())
    names = {rule.name for rule in own.rules}
    assert {seat.spec.name for seat in both.seats} == {rule.name for rule in every.rules} | names
    expect = [event for block in blocks(rows) for event in alone.observe(block)]
    found = [event for block in blocks(rows) for event in both.observe(block)]
    assert [event for event in found if event.rule in names] == expect
    assert {event.rule for event in found} - names
    assert both.statuses()[: len(alone.statuses())] == alone.statuses()
    assert both.phases() == alone.phases()
