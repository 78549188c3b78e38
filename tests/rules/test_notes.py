"""A person says that the run is another one from here on: the rules start again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, blocks, board, curve, s1

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.catalogue import catalogue

FACTS = {"total_steps": 290.0, "eval_steps": 10.0}
WHY = 'a note starts the rules again: "new data mix"'


def told(rows: list[Row], preset: str = "default") -> tuple[Board, list[Event]]:
    """A board after these records and a note."""
    seated = board(preset, FACTS)
    for block in blocks(rows):
        seated.observe(block)
    return seated, seated.note("new data mix", 5.0)


def test_what_holds_is_withdrawn_with_the_note_as_its_reason() -> None:
    """Overfit is black at the end of the run; after the note nothing is left of it, nor of the best evaluation."""
    seated, events = told(s1())

    assert {e.rule for e in events} >= {"overfit", "memorization"}
    assert all((e.verdict, e.why, e.step, e.at) == ("withdrawn", WHY, 200, 5.0) for e in events)
    assert not {a.rule for a in seated.alerts()} & {e.rule for e in events}
    assert seated.best() is None
    assert len(seated.evaluations) == 20


def test_a_healthy_run_on_harder_data_is_not_called_overfit() -> None:
    """The eval loss doubles with the data and falls again: warned of without the note, with it not; when it overfits then, it is red."""
    easy, hard = [2.0 - 0.1 * i for i in range(12)], [2.4 - 0.05 * i for i in range(12)]
    train = [2.0 - 0.05 * i for i in range(36)]
    rows = curve(train, [*easy, *hard, *(1.85 + 0.1 * i for i in range(12))])
    without = board("default", FACTS)
    unnoted = [e for block in blocks(rows[:48]) for e in without.observe(block)]
    seated, _ = told(rows[:24])
    noted = [e for block in blocks(rows[24:48]) for e in seated.observe(block)]
    after = [e for block in blocks(rows[48:]) for e in seated.observe(block)]

    assert [e for e in unnoted if e.rule == "overfit"]
    assert [e for e in noted if e.rule == "overfit"] == []
    assert "red" in {e.severity.word for e in after if e.rule == "overfit"}
    best = seated.best()
    assert best is not None
    assert best.value == pytest.approx(1.85)


def test_episodes_are_counted_on() -> None:
    """The names of events stay unique: the second episode of a rule is its second, before and after a note."""
    seated, withdrawn = told(s1())
    again: list[Row] = [(kind, {**values, "step": values["step"] + 200}) for kind, values in s1()]
    events = [e for block in blocks(again) for e in seated.observe(block)]

    assert {e.episode for e in withdrawn if e.rule == "overfit"} == {1}
    assert {e.episode for e in events if e.rule == "overfit"} == {2}


def test_phases_of_before_stay_what_they_are() -> None:
    """The strip goes on where the note stands; it is not drawn anew from the beginning."""
    alone = board("default", FACTS)
    for block in blocks(s1()):
        alone.observe(block)
    seated, _ = told(s1())
    before = alone.phases()

    assert seated.phases()[:-1] == before
    assert (seated.phases()[-1].phase, seated.phases()[-1].step_start) == ("warm-up", 200)
    for block in blocks([(k, {**v, "step": v["step"] + 200}) for k, v in curve([1.0, 0.9], [1.2, 1.1])]):
        seated.observe(block)
    assert seated.phases()[len(before) :][0].phase == "healthy"
    assert seated.phases()[len(before)].step_start == 200


def test_what_is_on_disk_is_still_known() -> None:
    """A rule about checkpoints is not blind after a note, although nobody looks again."""
    seated = board("default", FACTS)
    seated.checkpoint(CheckpointSeen(0.0, "", None, complete=False))
    seated.note("new data mix", 1.0)
    events = [e for block in blocks(curve([1.0, 0.9, 0.8], [1.2, 1.1, 1.0])) for e in seated.observe(block)]

    assert "best_unsaved" in {e.rule for e in events}


def test_rules_about_the_job_and_its_beginning_go_on() -> None:
    """A hang, the configuration, and what can only be said of a run's first steps have nothing to do with new data."""
    lasting = {kind.name for kind in catalogue().values() if kind.lasting}

    assert {"hang", "out_of_memory", "watcher_blind", "lr_schedule_mismatch", "loss_not_decreasing", "eval_save_cadence"} <= lasting
    assert not {"overfit", "memorization", "non_finite", "train_divergence", "best_unsaved", "threshold", "plateau"} & lasting


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(1, 60), max_size=10), at=st.integers(1, 40))
def test_notes_do_not_depend_on_how_records_are_cut(cuts: list[int], at: int) -> None:
    """The same events before and after a note, in one block or many."""

    def events(cuts: list[int]) -> list[Event]:
        seated = board("full", FACTS)
        before = [e for block in blocks(s1()[:at], [c for c in cuts if c < at]) for e in seated.observe(block)]
        noted = seated.note("x", 1.0)
        return [*before, *noted, *(e for block in blocks(s1()[at:], [c - at for c in cuts if c > at]) for e in seated.observe(block))]

    assert repr(events(sorted(set(cuts)))) == repr(events([]))
