from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import S1_FACTS, Row, block, board, climbed, curve, judge, s1

from trainwatch.model.inputs import CheckpointSeen

NAN = float("nan")


@pytest.mark.parametrize("preset", ["default", "full"])
def test_overfit_climbs_as_the_owners_of_the_run_saw_it(preset: str) -> None:
    """Yellow at step 40, orange at 50, red at 60, black at 90, in both presets."""
    _, events = judge(s1(), S1_FACTS, preset)

    assert climbed(events, "overfit") == [("yellow", 40), ("orange", 50), ("red", 60), ("black", 90)]


def test_rules_fire_where_the_figures_say() -> None:
    """Patience of 3 at step 60, memorization black at step 100, dead training at step 150."""
    seated, events = judge(s1(), S1_FACTS)

    assert climbed(events, "early_stopping") == [("yellow", 50), ("orange", 60)]
    assert climbed(events, "memorization") == [("yellow", 80), ("orange", 90), ("black", 100)]
    assert climbed(events, "dead_training") == [("black", 150)]
    assert climbed(events, "non_finite") == []
    best = seated.best()
    assert best is not None
    assert (best.value, best.step, best.metric, best.guessed) == (0.1376, 30, "eval_loss", True)


def test_why_says_values_steps_and_train_loss_in_one_sentence() -> None:
    """The red verdict explains itself with the figures that anybody can look up, and says what would withdraw it."""
    _, events = judge(s1(), S1_FACTS, "default")
    red = next(e for e in events if e.severity.word == "red")

    assert red.why.startswith(
        "eval_loss 0.1544 at step 60 is 12.2 % above the best 0.1376 at step 30, third evaluation without improvement, "
        "while train loss fell from 0.128 to 0.0781"
    )
    assert red.change == "an evaluation below 0.1376 would withdraw it"
    assert [(e.name, e.value, e.step) for e in red.evidence] == [
        ("eval_loss", 0.1544, 60),
        ("eval_loss", 0.1376, 30),
        ("loss", 0.0781, 60),
        ("loss", 0.1282, 30),
    ]
    assert all(e.source == "train.out" and e.line > 0 for e in red.evidence)
    assert (red.action, red.proof, red.eval_index) == ("stop", "fresh", 5)


def test_phases_of_the_run() -> None:
    """Healthy, divergence, severe, memorised and dead start at epochs 0, 15, 25, 45 and 70; the last ends with the run."""
    seated, _ = judge(s1(), S1_FACTS)
    phases = seated.phases()

    assert [(p.phase, p.epoch_start) for p in phases] == [
        ("healthy", 0),
        ("divergence", 15),
        ("severe", 25),
        ("memorised", 45),
        ("dead", 70),
    ]
    assert [p.step_end for p in phases] == [30, 50, 90, 140, 200]
    assert all(p.why for p in phases)


def test_phases_are_the_same_live_and_afterwards() -> None:
    """Whatever a phase was called when its second evaluation came, it is called at the end."""
    rows = s1()
    whole = judge(rows, S1_FACTS)[0].phases()
    for end in range(len(rows) - 1, 10, -2):
        live = judge(rows[:end], S1_FACTS)[0].phases()
        assert [p.phase for p in live[:-1]] == [p.phase for p in whole[: len(live) - 1]]


def test_the_same_evaluation_printed_twice_counts_once() -> None:
    """HF Trainer prints the last evaluation again when it ends: neither evaluations nor patience grow."""
    rows: list[Row] = [*s1(), ("eval", {"step": 200.0, "eval_loss": 0.4918, "epoch": 100.0})]

    assert len(judge(rows, S1_FACTS)[0].evaluations) == 20


def test_a_resume_repeats_a_stretch_and_keeps_the_best() -> None:
    """Evaluations that are done again after a resume are no further evaluations without improvement."""
    before = curve([1.0, 0.9, 0.8, 0.7, 0.6], [1.0, 0.9, 0.8, 0.82, 0.84])
    again = curve([1.0, 0.9, 0.8, 0.7, 0.6], [1.0, 0.9, 0.8, 0.82, 0.84])[6:]
    seated, events = judge([*before, *again], {"total_steps": 100, "eval_steps": 10})

    assert climbed(events, "overfit") == [("yellow", 40), ("orange", 50)]
    assert seated.history.since == 2
    assert len(seated.evaluations) == 7


def test_no_rule_speaks_of_a_checkpoint_it_cannot_know() -> None:
    """Without a look at the disk, best_unsaved is blind; with one that found nothing, every new best is an event."""
    _, bare = judge(s1(), S1_FACTS)
    seated = board("default", S1_FACTS)
    seated.checkpoint(CheckpointSeen(0.0, "", None, complete=False))
    events = [e for kind, values in s1() for e in seated.observe(block(kind, [values]))]

    assert climbed(bare, "best_unsaved") == []
    assert climbed(events, "best_unsaved") == [("orange", 10), ("orange", 20), ("orange", 30)]


def test_the_best_saved_is_the_complete_one_with_the_best_value() -> None:
    """A torn checkpoint of the best step does not count; one that goes bad later does not either."""
    seated, _ = judge(s1(), S1_FACTS)
    seated.checkpoint(CheckpointSeen(1.0, "checkpoint-100", 100, complete=True))
    seated.checkpoint(CheckpointSeen(2.0, "checkpoint-40", 40, complete=True))
    seated.checkpoint(CheckpointSeen(3.0, "checkpoint-30", 30, complete=False))
    saved = seated.saved_best()

    assert saved is not None
    assert (saved[0].path, saved[1]) == ("checkpoint-40", 0.1387)
    seated.checkpoint(CheckpointSeen(4.0, "checkpoint-40", 40, complete=False))
    seated.checkpoint(CheckpointSeen(4.0, "checkpoint-100", 100, complete=False))
    assert seated.saved_best() is None


def test_alerts_stand_worst_first_with_the_step_they_began() -> None:
    """What holds at the end: black before the rest, each since its first event, with what the preset asks for at its level."""
    seated, _ = judge(s1()[:20], S1_FACTS)

    alerts = seated.alerts()

    assert [a.severity for a in alerts] == sorted((a.severity for a in alerts), reverse=True)
    told = [(a.rule, a.severity.word, a.since_step, a.action) for a in alerts]
    assert [t for t in told if t[0] in ("overfit", "memorization", "early_stopping")] == [
        ("overfit", "black", 40, "stop"),
        ("memorization", "orange", 80, "save"),
        ("early_stopping", "orange", 50, "notify"),
    ]


def test_without_rules_nothing_is_judged_but_all_is_kept() -> None:
    """The preset `off` raises nothing and still knows evaluations, best and phases."""
    seated, events = judge(s1(), S1_FACTS, "off")

    assert events == []
    assert (len(seated.evaluations), len(seated.phases())) == (20, 5)


def test_configuration_found_further_down_does_not_count_yet() -> None:
    """A fact on a later line of the same log changes no verdict before that line."""
    early, late = board("default"), board("default")
    late.history.plan._facts.note("save_strategy", "best", "train.out", 9)
    for seated in (early, late):
        seated.checkpoint(CheckpointSeen(0.0, "", None, complete=False))
    row: Row = ("eval", {"step": 10.0, "eval_loss": 1.0})

    assert early.observe(block(*_single(row))) == late.observe(block(*_single(row)))


def _single(row: Row) -> tuple[object, list[object]]:
    return row[0], [row[1]]


VALUES = st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 0.0, NAN, float("inf")])
RECORDS = st.lists(st.tuples(st.sampled_from(["train", "train", "train", "info", "eval"]), VALUES, VALUES, st.integers(0, 40)), max_size=60)


def _rows(drawn: list[tuple[str, float, float, int]]) -> list[Row]:
    """Records whose steps mostly go up, and sometimes back."""
    rows: list[Row] = []
    step = 0
    for kind, a, b, move in drawn:
        step = max(step + move - (60 if move == 40 else 0), 0)
        match kind:
            case "train":
                rows.append(("train", {"step": float(step), "loss": a, "grad_norm": b, "learning_rate": 0.1}))
            case "info":
                rows.append(("info", {"step": float(step), "grad_norm": b, "learning_rate": 0.1}))
            case _:
                rows.append(("eval", {"step": float(step), "eval_loss": a}))
    return rows


@settings(max_examples=150, deadline=None)
@given(RECORDS, st.lists(st.integers(1, 60), max_size=10))
def test_decisions_do_not_depend_on_how_records_are_cut(drawn: list[tuple[str, float, float, int]], cuts: list[int]) -> None:
    """Events with their evidence, verdicts and phases are the same for one block, any blocks, and a row at a time."""
    rows = _rows(drawn)
    facts = {"total_steps": 300.0}
    whole, events = judge(rows, facts)
    for where in (cuts, list(range(len(rows)))):
        other, found = judge(rows, facts, cuts=where)
        assert repr(found) == repr(events)
        assert repr(other.statuses()) == repr(whole.statuses())
        assert repr(other.phases()) == repr(whole.phases())
        assert repr(other.evaluations) == repr(whole.evaluations)


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.integers(0, 60))
def test_what_was_decided_stays_decided(drawn: list[tuple[str, float, float, int]], end: int) -> None:
    """The events of the beginning of a log are the beginning of its events."""
    rows = _rows(drawn)
    _, events = judge(rows)
    _, early = judge(rows[:end])

    assert repr(events[: len(early)]) == repr(early)
