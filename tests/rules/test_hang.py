from __future__ import annotations

import pytest
from tests.rules.records import block

from trainwatch.model.facts import Facts
from trainwatch.model.inputs import Gpu, Sample
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.preset import load


def hang() -> Board:
    """A board with a run that takes a step every 30 seconds, the newest at 300."""
    seated = Board(load("default"), Facts())
    for step in range(1, 12):
        seated.progress(step, 30.0 * (step - 1))
    return seated


def severities(events: list[Event]) -> list[str]:
    """What fired."""
    return [e.severity.word for e in events if e.verdict == "fired"]


def gpu(load_: float | None) -> Sample:
    """One device at that load."""
    return Sample(310.0, (Gpu(0, "u", "g", load_, 0, 0),))


def test_it_is_orange_at_the_timeout_and_red_at_twice_of_it() -> None:
    """Five times the usual 30 seconds is 150; ticks before say nothing."""
    seated = hang()

    assert seated.tick(449) == []
    assert severities(seated.tick(450)) == ["orange"]
    assert severities(seated.tick(599)) == []
    assert severities(seated.tick(600)) == ["red"]


@pytest.mark.parametrize(("share", "found"), [(0.6, ["orange"]), (0.0, ["red"]), (1.0, ["red"]), (None, ["red"])])
def test_a_device_that_works_keeps_it_orange(share: float | None, found: list[str]) -> None:
    """At a moderate load something is computed; idle or flat at full load (ranks waiting for each other) nothing is."""
    seated = hang()
    seated.sample(gpu(share))

    assert severities(seated.tick(900)) == found


def test_an_evaluation_may_take_as_long_as_evaluations_take() -> None:
    """A gap with an evaluation in it teaches a longer timeout, beyond the usual limit."""
    seated = hang()
    seated.observe(block("eval", [{"step": 11.0, "eval_loss": 1.0}], seen_at=1500.0))
    seated.progress(12, 1500.0)

    assert seated.tick(1500 + 2399) == []
    assert severities(seated.tick(1500 + 2400)) == ["orange"]


def test_output_that_comes_in_lots_blinds_it() -> None:
    """A job without unbuffered output prints nothing for minutes and is well; the rule says so instead of guessing."""
    seated = Board(load("default"), Facts())
    for lot in range(6):
        rows = [{"step": float(10 * lot + i), "loss": 1.0} for i in range(10)]
        seated.observe(block("train", rows, seen_at=400.0 * lot))
        seated.progress(10 * lot + 9, 400.0 * lot)
    status = next(s for s in seated.statuses() if s.rule == "hang")

    assert seated.tick(9000) == []
    assert status.verdict.outcome != "fired"
    assert "unbuffered" in next(s for s in seated.statuses() if s.rule == "hang").needs


def test_a_fast_job_is_not_taken_for_a_buffered_one() -> None:
    """Many records in each tenth of a second are a fast job."""
    seated = Board(load("default"), Facts())
    for lot in range(60):
        seated.observe(block("train", [{"step": float(10 * lot + i), "loss": 1.0} for i in range(10)], seen_at=0.1 * lot))
        seated.progress(10 * lot + 9, 0.1 * lot)

    assert severities(seated.tick(200)) == ["orange"]


def test_a_resume_is_progress() -> None:
    """A step that goes back starts the clock again."""
    seated = hang()
    seated.progress(5, 440.0)

    assert seated.tick(455) == []


def test_a_job_that_is_started_again_has_done_no_step() -> None:
    """The alert goes, the time in the queue is no silence, and what was learnt counts from the first step on."""
    seated = hang()
    seated.tick(600)

    assert [(e.rule, e.verdict) for e in seated.restarted(9000) if e.rule == "hang"] == [("hang", "withdrawn")]
    assert severities(seated.tick(9001)) == []
    seated.progress(1, 9300)
    assert severities(seated.tick(9449)) == []
    assert severities(seated.tick(9450)) == ["orange"]


def test_a_job_that_is_started_again_may_fail_to_begin() -> None:
    """The wait for the first step is measured anew."""
    seated = Board(load("full"), Facts())
    seated.progress(1, 300)
    seated.tick(310)
    seated.restarted(9000)

    assert severities(seated.tick(9000)) == []
    assert severities(seated.tick(10_199)) == []
    assert severities(seated.tick(10_200)) == ["orange"]
