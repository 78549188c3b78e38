from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwatch.model.inputs import CheckpointSeen
from trainwatch.supervise import say
from trainwatch.supervise.machine import RESTING, SIGNALLED, Limits, Machine, Seen, Wish, begin, from_json, step, to_json

STOP = Wish("w", "stop", key="overfit/red/1", rule="overfit", why="because")
SAVE = replace(STOP, goal="save")
GOOD = CheckpointSeen(0.0, "/out/checkpoint-9", 9, complete=True, why="whole")
BAD = replace(GOOD, complete=False, why="optimizer.pt is cut")
SAVED = {"status": "saved", "path": "/out/checkpoint-9", "step": 9, "seconds": 2.0}


def walk(machine: Machine, *seen: Seen, limits: Limits | None = None) -> Machine:
    """The machine after these sights, one step each."""
    for one in seen:
        machine = step(machine, one, limits or Limits())
    return machine


def at(now: float, **more: Any) -> Seen:
    return Seen(now, hook=True, life=now, **more)


def asked(limits: Limits | None = None, wish: Wish = STOP) -> Machine:
    """A machine whose save was acknowledged."""
    return walk(begin(Machine(), wish, at(0)), at(1, ack=SAVED), limits=limits)


def test_a_stop_saves_proves_terminates_and_ends_80() -> None:
    """The whole way of a stop by a rule."""
    machine = begin(Machine(), STOP, at(0))
    assert (machine.state, machine.request) == ("saving", "w")
    machine = walk(machine, at(1, ack=SAVED))
    assert (machine.state, machine.path, machine.holding) == ("proving", "/out/checkpoint-9", True)
    machine = walk(machine, at(2, proof=GOOD))
    assert machine.state == "terminating"
    machine = walk(machine, at(3, ended=True))
    assert machine.state == "stopped"
    assert say.exit_code(machine) == 80


@pytest.mark.parametrize(("cause", "code"), [("rule", 80), ("resume", 85), ("person", 83)])
def test_the_exit_code_says_who_stopped(cause: Any, code: int) -> None:
    """A proven stop ends with the code of its cause."""
    machine = asked(wish=replace(STOP, cause=cause))
    assert say.exit_code(walk(machine, at(2, proof=GOOD), at(3, ended=True))) == code


def test_a_save_goes_on_training() -> None:
    """A save ends in `saved` with code 0, without a hold and without a signal."""
    machine = walk(begin(Machine(), SAVE, at(0)), at(1, ack=SAVED))
    assert not machine.holding
    machine = walk(machine, at(2, proof=GOOD))
    assert (machine.state, say.exit_code(machine), machine.save_seconds) == ("saved", 0, 2.0)


@pytest.mark.parametrize(
    "sights",
    [
        [at(1, ack={"status": "failed", "error": "disk full"})],
        [at(1, ack=SAVED), at(2, proof=BAD), at(20, proof=BAD)],
        [Seen(301, hook=True)],
        [at(1201)],
    ],
    ids=["the job says so", "torn", "no answer, no life", "no answer from a job that trains on"],
)
def test_without_a_proven_checkpoint_the_job_is_left_running(sights: list[Seen]) -> None:
    """If saving, answering or proving fails, no signal is sent and the code is 84."""
    machine = walk(begin(Machine(), STOP, at(0)), *sights)
    assert (machine.state, say.exit_code(machine)) == ("failed", 84)
    assert "left running" in say.sentence(machine, Limits())


def test_unsaved_stops_only_where_that_was_allowed() -> None:
    """With `--allow-unsaved` a failed save is followed by SIGTERM, and the code says so."""
    machine = walk(begin(Machine(), replace(STOP, unsaved=True), at(0)), at(1, ack={"status": "failed"}))
    assert machine.state == "terminating"
    assert say.exit_code(walk(machine, at(2, ended=True))) == 81


def test_time_outs_grow_with_the_measured_save() -> None:
    """A job whose saves take a minute has ten minutes to answer."""
    machine = begin(Machine(save_seconds=60.0), STOP, at(0))
    assert walk(machine, Seen(599, hook=True)).state == "saving"
    assert walk(machine, Seen(601, hook=True)).state == "failed"


def test_a_sign_of_life_gives_more_time_to_answer() -> None:
    """A job in a long evaluation that still shows life is waited for."""
    machine = begin(Machine(), STOP, at(0))
    assert walk(machine, Seen(500, hook=True, life=300)).state == "saving"


def test_a_job_that_was_told_to_save_and_end_and_hangs_is_not_waited_for_for_ever() -> None:
    """Ranks that wait for each other show no life: 84 after the time that a save may take. One that still prints is waited for."""
    machine = begin(Machine(), STOP, Seen(0))
    assert machine.state == "waiting"
    assert walk(machine, Seen(500, told_to_end=True, life=300)).state == "waiting"
    failed = walk(machine, Seen(301, told_to_end=True))
    assert (failed.state, say.exit_code(failed)) == ("failed", 84)
    assert "did neither" in say.sentence(failed, Limits())


def test_a_veto_holds_the_ranks_and_looks_again() -> None:
    """After the veto the checkpoint is proven once more before the signal."""
    limits = Limits(veto=30)
    machine = walk(asked(limits), at(2, proof=GOOD), limits=limits)
    assert machine.state == "veto"
    machine = walk(machine, at(33), limits=limits)
    assert (machine.state, machine.veto_over) == ("proving", True)
    assert walk(machine, at(34, proof=BAD), at(50, proof=BAD), limits=limits).state == "failed"
    assert walk(machine, at(34, proof=GOOD), limits=limits).state == "terminating"


def test_who_looks_on_may_call_a_stop_off() -> None:
    """A screen that is open at the proof opens a minute; the window stays as long when the screen is closed or killed meanwhile."""
    attended, alone = Limits(attended=True), Limits()
    machine = walk(asked(attended), at(2, proof=GOOD), limits=attended)
    assert (machine.state, machine.veto) == ("veto", 60.0)
    assert walk(machine, at(50), limits=alone).state == "veto"
    assert walk(machine, at(50, cancel="alice"), limits=alone).state == "cancelled"
    assert walk(machine, at(63), limits=alone).state == "proving"
    assert walk(asked(alone), at(2, proof=GOOD), limits=alone).state == "terminating"


def test_a_person_does_not_wait_for_a_veto() -> None:
    """Who typed the run's name has decided; nobody is asked again."""
    limits = Limits(veto=30)
    machine = walk(asked(limits, replace(STOP, cause="person")), at(2, proof=GOOD), limits=limits)
    assert machine.state == "terminating"
    unsaved = begin(Machine(), replace(STOP, cause="person", proof="none"), at(0))
    assert walk(unsaved, at(0.1), limits=limits).state == "terminating"


def test_a_long_veto_asks_for_a_second_save() -> None:
    """Training goes on in a long veto, and the save at its end counts."""
    limits = Limits(veto=300)
    machine = walk(asked(limits), at(2, proof=GOOD), at(303), limits=limits)
    assert (machine.state, machine.request, machine.proven) == ("saving", "w-2", False)


@pytest.mark.parametrize("state", ["saving", "proving", "veto"])
def test_cancel_works_until_the_signal(state: str) -> None:
    """Whoever says no in time is heard; the job goes on."""
    limits = Limits(veto=30)
    path = [begin(Machine(), STOP, at(0))]
    path += [walk(path[-1], at(1, ack=SAVED), limits=limits)]
    path += [walk(path[-1], at(2, proof=GOOD), limits=limits)]
    machine = next(m for m in path if m.state == state)
    assert step(machine, at(3, cancel="kim"), limits).state == "cancelled"


def test_cancel_is_too_late_after_the_signal() -> None:
    """A job that was told to end is not told otherwise."""
    machine = walk(asked(), at(2, proof=GOOD))
    assert step(machine, at(3, cancel="kim"), Limits()).state == "terminating"


def test_grace_then_stuck_and_kill_only_when_asked() -> None:
    """Without --kill-after a job that stays is stuck, 86; with it SIGKILL follows, 82."""
    machine = walk(asked(), at(2, proof=GOOD))
    stuck = walk(machine, at(123, left="train.py (pid 7, D)"))
    assert (stuck.state, say.exit_code(stuck)) == ("stuck", 86)
    assert "pid 7" in say.sentence(stuck, Limits())
    assert say.exit_code(walk(stuck, at(200, ended=True))) == 80
    limits = Limits(kill_after=10)
    assert walk(machine, at(131), limits=limits).state == "terminating"
    killing = walk(machine, at(133), limits=limits)
    assert killing.state == "killing"
    assert say.exit_code(walk(killing, at(134, ended=True), limits=limits)) == 82


def test_leave_lets_the_script_end_first() -> None:
    """With --leave SIGTERM comes only after the grace."""
    limits = Limits(leave=True)
    machine = walk(asked(limits), at(2, proof=GOOD), limits=limits)
    assert machine.state == "leaving"
    assert walk(machine, at(3, ended=True), limits=limits).state == "stopped"
    assert walk(machine, at(123), limits=limits).state == "terminating"


def test_without_a_hook_the_next_regular_save_is_waited_for() -> None:
    """No hook: no request; a complete checkpoint seen after the wish is proven and counts."""
    machine = begin(Machine(), STOP, Seen(10))
    assert (machine.state, machine.request) == ("waiting", "")
    assert walk(machine, Seen(11, regular=replace(GOOD, at=9.0))).state == "waiting"
    machine = walk(machine, Seen(11, regular=replace(GOOD, at=11.0)))
    assert (machine.state, machine.path) == ("proving", GOOD.path)


def test_a_job_that_never_saves_is_not_waited_for() -> None:
    """No hook and no save known of: after the time for a save refused and left running, unless unsaved is fine."""
    waits = walk(begin(Machine(), STOP, Seen(10)), Seen(300, saves=False))
    assert waits.state == "waiting"
    refused = walk(waits, Seen(311, saves=False))
    assert (refused.state, say.exit_code(refused)) == ("failed", 84)
    assert "no save to wait for" in say.sentence(refused, Limits())
    allowed = walk(begin(Machine(), replace(STOP, unsaved=True), Seen(10)), Seen(311, saves=False))
    assert allowed.state == "terminating"


def test_a_job_whose_ranks_are_elsewhere_is_not_stopped_in_part() -> None:
    """Whatever the proof, and also for a stop that waited for its turn; a save may still be asked for."""
    for proof in ("fresh", "existing", "none"):
        refused = begin(Machine(), replace(STOP, proof=proof), Seen(10, beyond="2 of its 4 ranks are on other machines"))  # type: ignore[arg-type]
        assert (refused.state, say.exit_code(refused)) == ("failed", 84)
        assert "other machines" in say.sentence(refused, Limits())
    waits = replace(Machine(state="saved"), next=STOP)
    assert step(waits, Seen(10, beyond="elsewhere"), Limits()).state == "failed"
    assert begin(Machine(), replace(STOP, goal="save"), Seen(10, hook=True, beyond="elsewhere")).state == "saving"


def test_existing_takes_the_newest_complete_checkpoint() -> None:
    """A hung job is not asked to save."""
    machine = begin(Machine(), replace(STOP, proof="existing", cause="resume"), at(0))
    assert (machine.state, machine.request) == ("proving", "")
    machine = walk(machine, at(1, proof=GOOD))
    assert (machine.state, machine.path) == ("terminating", GOOD.path)
    none = walk(begin(Machine(), replace(STOP, proof="existing"), at(0)), at(11))
    assert (none.state, none.why) == ("failed", "there is no complete checkpoint")


def test_a_stop_waits_for_a_save_that_is_under_way() -> None:
    """A red rule during an orange rule's save takes its turn after it."""
    saving = begin(Machine(), SAVE, at(0))
    machine = begin(saving, replace(STOP, id="x"), at(1))
    assert machine.state == "saving"
    machine = walk(machine, at(2, ack=SAVED), at(3, proof=GOOD))
    assert machine.state == "saved"
    machine = walk(machine, at(4))
    assert (machine.state, machine.request, machine.next) == ("saving", "x", None)


def test_a_stop_does_not_wait_for_a_save_that_nobody_makes() -> None:
    """Without a hook an orange rule's save only waits; the red rule's stop takes its place at once."""
    waiting = begin(Machine(), SAVE, Seen(0))
    machine = walk(begin(waiting, replace(STOP, id="x"), Seen(1)), Seen(2))
    assert (machine.state, machine.wish and machine.wish.id) == ("waiting", "x")


def test_a_job_that_hangs_at_a_save_is_not_waited_for() -> None:
    """A hang is found while a save is awaited: the stop with the existing checkpoint takes over."""
    hang = replace(STOP, id="h", proof="existing", cause="resume")
    machine = walk(begin(begin(Machine(), STOP, at(0)), hang, at(1)), at(2))
    assert (machine.state, machine.wish and machine.wish.id) == ("proving", "h")
    proving = asked()
    assert begin(proving, hang, at(2)) == proving


def test_a_person_may_choose_a_weaker_proof_while_a_stop_waits() -> None:
    """`stop --unsaved` takes the place of a stop that is waiting for a save."""
    waiting = begin(Machine(), STOP, Seen(0))
    machine = begin(waiting, replace(STOP, id="p", proof="none", cause="person"), Seen(1))
    assert machine.state == "cancelled"
    machine = walk(machine, Seen(2), Seen(3))
    assert machine.state == "terminating"
    assert say.exit_code(walk(machine, Seen(4, ended=True))) == 81


def test_a_job_that_ends_by_itself_ends_the_wish() -> None:
    """The end of the job wins over waiting for an answer."""
    machine = walk(begin(Machine(), STOP, at(0)), at(1, ended=True))
    assert (machine.state, say.exit_code(machine)) == ("ended", 0)
    assert say.exit_code(walk(begin(Machine(), SAVE, at(0)), at(1, ended=True))) == 84


sights = st.builds(
    Seen,
    now=st.floats(0, 2000),
    ended=st.booleans(),
    hook=st.booleans(),
    ack=st.sampled_from([{}, SAVED, {"status": "failed"}, {"status": "saving"}, {"status": "saved", "path": 7, "seconds": "x"}]),
    life=st.floats(0, 2000),
    proof=st.sampled_from([None, GOOD, BAD]),
    regular=st.sampled_from([None, replace(GOOD, at=1e9)]),
    cancel=st.sampled_from(["", "kim"]),
)
wishes = st.builds(
    Wish,
    id=st.sampled_from(["a", "b", "c"]),
    goal=st.sampled_from(["save", "stop"]),
    proof=st.sampled_from(["fresh", "existing", "none"]),
    cause=st.sampled_from(["rule", "person", "resume"]),
)
limits = st.builds(Limits, veto=st.sampled_from([0.0, 5.0, 100.0]), kill_after=st.sampled_from([None, 1.0]), leave=st.booleans())


@given(st.lists(st.one_of(sights, wishes), max_size=40), limits)
def test_nothing_is_ever_signalled_without_a_proof(story: list[Seen | Wish], given_limits: Limits) -> None:
    """Whatever is seen and asked in whatever order: SIGTERM needs a proof or the word that none is needed, and nothing leads back."""
    machine, seen = Machine(), Seen(0)
    for item in story:
        if isinstance(item, Wish):
            new = begin(machine, item, seen)
        else:
            seen = item
            new = step(machine, seen, given_limits)
        if new.state in SIGNALLED:
            assert new.wish is not None
            assert new.wish.goal == "stop"
            assert new.proven or new.wish.proof == "none"
        if machine.state in SIGNALLED:
            assert new.state in SIGNALLED
        machine = new
        assert from_json(to_json(machine)) == machine
        assert say.sentence(machine, given_limits) or machine.state == "idle"


@given(st.lists(sights, max_size=30), wishes, limits)
def test_standing_still_is_idempotent(story: list[Seen], wish: Wish, given_limits: Limits) -> None:
    """The same sight again and again leads to one state and stays there: a restarted supervisor goes on where the old one was."""
    machine = begin(Machine(), wish, Seen(0))
    for seen in story:
        for _ in range(12):
            machine = step(machine, seen, given_limits)
        assert step(machine, seen, given_limits) == machine or machine.state not in RESTING


def test_a_damaged_state_is_refused() -> None:
    """A state that does not exist is an error, not a silent idle."""
    with pytest.raises(KeyError):
        from_json({"state": "dancing"})


def test_a_stop_that_nobody_can_call_off_offers_nothing():
    """Without time for a veto the sentence says that it stops now; with it, how long it may be called off."""
    machine = Machine("veto", 0.0, Wish("root", "stop"))
    assert say.sentence(machine, Limits()).endswith("; stopping now")
    assert say.sentence(replace(machine, veto=60.0), Limits()).endswith("; stopping in 60 s unless cancelled")
