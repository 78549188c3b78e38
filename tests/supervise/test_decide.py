import math
from dataclasses import replace
from pathlib import Path

import pytest

from trainwatch.model.series import Series
from trainwatch.model.snapshot import Alert
from trainwatch.model.verdict import Event, Evidence, Severity
from trainwatch.store.rundir import RunDir
from trainwatch.supervise.decide import Decider, last_good
from trainwatch.supervise.diary import Diary
from trainwatch.supervise.may import May

RED = Event("overfit", "overfit", "fired", Severity.RED, 1, "why", 60, None, "log", 1, 7, action="stop")
ORANGE = replace(RED, severity=Severity.ORANGE, action="save", step=50)
HANG = replace(RED, rule="hang", kind="hang", proof="existing")
FULL = May(save=True, stop=frozenset({"overfit", "hang"}))


def holds(*events: Event) -> list[Alert]:
    return [Alert(e.rule, e.severity, e.why, "", e.step, e.step, e.episode) for e in events]


def test_what_was_saved_since_the_last_good_record_is_not_trusted() -> None:
    """Loss printed every ten steps and NaN from 60 on: a checkpoint of step 55 may hold it, one of step 50 does not. A hang spoils none."""
    loss = Series()
    for step in range(10, 90, 10):
        loss.extend([math.nan if step >= 60 else 1.0], step, step)
    bad = tuple(Evidence("loss", math.nan, step) for step in (60, 70, 80))
    nan = replace(RED, rule="non_finite", kind="non_finite", proof="existing", step=80, evidence=bad)
    assert last_good(nan, {"loss": loss}) == 50
    assert last_good(replace(nan, evidence=(Evidence("grad_norm", math.inf, 10),)), {"loss": loss}) == 0
    assert last_good(nan, {}) == 59
    assert last_good(replace(nan, evidence=()), {}) == 79
    assert last_good(replace(nan, kind="hang"), {"loss": loss}) == 80
    assert last_good(replace(nan, step=None), {"loss": loss}) is None


@pytest.fixture
def diary(tmp_path: Path) -> Diary:
    """A journal."""
    return Diary(RunDir(tmp_path))


def decide(diary: Diary, may: May, *events: Event, unsaved: bool = False) -> list[str]:
    decider = Decider(diary, may, unsaved=unsaved)
    decider.gather(events, 0.0)
    return [f"{w.goal} {w.rule} {w.proof} {w.cause}" for w in decider.wishes(holds(*events))]


@pytest.mark.parametrize(
    ("may", "event", "wishes"),
    [
        (May(), RED, []),
        (FULL, RED, ["stop overfit fresh rule"]),
        (FULL, HANG, ["stop hang existing resume"]),
        (FULL, replace(RED, action="notify"), []),
        (FULL, replace(RED, verdict="withdrawn"), []),
        (May(save=True), ORANGE, ["save overfit fresh rule"]),
        (May(save=True), RED, ["save overfit fresh rule"]),
        (May(save=True), HANG, []),
        (FULL, replace(RED, rule="other"), ["save other fresh rule"]),
    ],
)
def test_only_what_the_preset_says_and_trust_allows(diary: Diary, may: May, event: Event, wishes: list[str]) -> None:
    """A stop that is not allowed is a save where saving is; a job that hangs is not asked to."""
    assert decide(diary, may, event) == wishes


def test_history_is_not_acted_on(diary: Diary) -> None:
    """What no longer holds at the newest record is told and not done."""
    decider = Decider(diary, FULL, unsaved=False)
    decider.gather([RED], 0.0)
    assert decider.wishes([]) == []
    assert decider.wishes(holds(RED)) == []


def test_only_the_highest_step_of_a_climb_is_acted_on(diary: Diary) -> None:
    """Yellow, orange and red in one chunk are one stop."""
    decider = Decider(diary, FULL, unsaved=False)
    decider.gather([ORANGE, RED], 0.0)
    assert [w.goal for w in decider.wishes(holds(RED))] == ["stop"]


def test_a_restarted_supervisor_does_not_do_it_again(diary: Diary) -> None:
    """The journal holds what was told and done, by rule, severity and episode."""
    first = Decider(diary, FULL, unsaved=False)
    first.gather([RED], 0.0)
    first.done(first.wishes(holds(RED))[0], 0.0)
    second = Decider(diary, FULL, unsaved=False)
    second.gather([RED], 9.0)
    assert second.wishes(holds(RED)) == []
    black = replace(RED, severity=Severity.BLACK)
    second.gather([black], 10.0)
    assert [w.key for w in second.wishes(holds(black))] == ["overfit/black/1"]
    assert diary.path.read_text(encoding="utf-8").count('"event":"rule"') == 2


def test_wishes_can_be_names_of_files(diary: Diary) -> None:
    """A rule's name is the user's; the id of its request is a part of a file name."""
    odd = replace(RED, rule="../../etc/über rule")
    decider = Decider(diary, May(save=True, stop=frozenset({odd.rule})), unsaved=True)
    decider.gather([odd], 0.0)
    (wish,) = decider.wishes(holds(odd))
    assert "/" not in wish.id
    assert not wish.id.startswith(".")
    assert wish.unsaved
