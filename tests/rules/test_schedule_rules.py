from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, climbed, judge, s1

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import FactValue
from trainwatch.model.verdict import Event
from trainwatch.replay.run import fold_files
from trainwatch.rules.preset import load

S1: dict[str, FactValue] = {"total_steps": 200, "learning_rate": 2e-4, "lr_scheduler_type": "CONSTANT", "warmup_steps": 0}
S2: dict[str, FactValue] = {
    "total_steps": 4676,
    "warmup_steps": 467,
    "learning_rate": 1e-4,
    "lr_scheduler_type": "linear",
    "gradient_accumulation_steps": 16,
    "steps_per_epoch": 24941,
    "num_train_epochs": 3,
}
"""A run of 74,823 batches, 16 to an update, whose bar counts batches."""

ROOT = Path(os.environ.get("TRAINWATCH_CORPUS") or Path(__file__).parents[3] / "shared" / "corpus")


def deepspeed(step: int) -> float:
    """WarmupDecayLR as the overfit run printed it."""
    count = step - 1
    return round(2e-4 * (math.log(1 + count) / math.log(10) if count < 10 else (200 - count) / 190), 8)


def linear(count: float, warmup: float, total: float) -> float:
    """Linear warm-up and decay, peak 1e-4."""
    return 1e-4 * (count / warmup if count < warmup else max(total - count, 0.0) / (total - warmup))


def rows(rates: Mapping[int, float]) -> list[Row]:
    """Train records with these rates by step."""
    return [("train", {"step": float(step), "loss": 2.0, "learning_rate": rate}) for step, rate in rates.items()]


def raised(rates: Mapping[int, float], facts: Mapping[str, FactValue], rule: str) -> list[tuple[str, int | None]]:
    """What a rule of the preset `full` raises."""
    return climbed(judge(rows(rates), facts)[1], rule)


def test_the_overfit_run_is_not_constant() -> None:
    """On the published table the third deviation in a row is at step 40, and the scheduler is named."""
    _, events = judge(s1(), S1, "default")
    found = [e for e in events if e.rule == "lr_schedule_mismatch"]

    assert climbed(found, "lr_schedule_mismatch") == [("orange", 40)]
    assert "DeepSpeed WarmupDecayLR with 10 logarithmic warm-up steps over 200 steps" in found[0].why
    assert "constant" in found[0].why
    assert found[0].action == "notify"


def test_with_every_step_logged_the_third_record_tells() -> None:
    """Warm-up contradicts a constant rate at once, and is an anomaly of its own from the second record on."""
    every = {step: deepspeed(step) for step in range(1, 60)}

    assert raised(every, S1, "lr_schedule_mismatch") == [("orange", 3)]
    assert raised(every, S1, "warmup_anomaly") == [("yellow", 2)]
    assert climbed(judge(s1(), S1)[1], "warmup_anomaly") == [("yellow", 2)]


def test_a_scheduler_stepped_per_micro_batch() -> None:
    """Warm-up is over at batch 467 and nothing is left from batch 4676 on: found within five records, named with its factor."""
    rates = {batch: linear(batch, 467, 4676) for batch in range(100, 2000, 100)}
    _, events = judge(rows(rates), S2)
    found = next(e for e in events if e.rule == "scheduler_step_unit")

    assert found.step is not None
    assert found.step <= 500
    assert "stepped once per micro-batch: 16 times too often" in found.why
    assert "ends at step 4676" in found.why
    assert raised(rates, S2, "lr_schedule_mismatch") == [("orange", 300)]


def test_a_schedule_planned_in_batches() -> None:
    """The converse: at batch 2999 the rate is 2.5 % of its peak, and warm-up would outlast the run."""
    rates = {batch: linear(batch // 16, 7482, 74823) for batch in range(99, 6000, 100)}
    _, events = judge(rows(rates), S2)
    found = next(e for e in events if e.rule == "scheduler_step_unit")

    assert rates[2999] == pytest.approx(0.025e-4, rel=0.01)
    assert found.step is not None
    assert found.step <= 2999
    assert "planned in batches: it runs 16 times too slowly" in found.why


def test_a_scheduler_that_counts_updates_is_as_planned() -> None:
    """The same run done right raises nothing, with what its steps count known or not."""
    rates = {batch: linear(batch // 16, 467, 4676) for batch in range(99, 74823, 500)}
    unsure = {name: value for name, value in S2.items() if name not in ("steps_per_epoch", "num_train_epochs")}
    for facts in (S2, unsure):
        _, events = judge(rows(rates), facts)
        assert [e for e in events if e.rule in ("scheduler_step_unit", "lr_schedule_mismatch", "warmup_anomaly")] == []


@pytest.mark.parametrize("offset", [0, -1])
@pytest.mark.parametrize("warmup", [0, 30, 100])
def test_a_schedule_as_configured_raises_nothing(offset: int, warmup: int) -> None:
    """Whichever record the count begins at."""
    facts: dict[str, FactValue] = {**S2, "total_steps": 1000, "warmup_steps": warmup, "gradient_accumulation_steps": 1}
    rates = {step: linear(step + offset, warmup, 1000) for step in range(1, 1001, 3)}
    _, events = judge(rows(rates), facts)

    assert [e for e in events if e.rule in ("scheduler_step_unit", "lr_schedule_mismatch", "warmup_anomaly")] == []


def test_a_zero_that_the_decimals_explain_is_no_alarm() -> None:
    """With five decimals a rate of 4e-6 is printed as 0.0; with twelve it is a zero that the schedule does not explain."""
    facts: dict[str, FactValue] = {"total_steps": 1000, "learning_rate": 2e-5, "lr_scheduler_type": "linear", "warmup_steps": 0}
    true = {step: 2e-5 * (1 - step / 1000) for step in range(50, 951, 50)}

    assert raised({step: round(rate, 5) for step, rate in true.items()}, facts, "lr_zero") == []
    zeros = {step: rate if step < 500 else 0.0 for step, rate in true.items()}
    assert raised(zeros, facts, "lr_zero")[0] == ("orange", 600)
    why = next(e.why for e in judge(rows(zeros), facts)[1] if e.rule == "lr_zero")
    assert "the configured schedule gives 8e-06 here" in why


def test_the_schedule_of_the_whole_run_is_told_when_asked() -> None:
    """A snapshot works out family, parameters, error, and that it is not what was configured."""
    board, _ = judge(s1(), S1, "off")
    schedule = board.schedule()

    assert schedule is not None
    assert schedule.mismatch is True
    assert schedule.fitted is not None
    assert (schedule.fitted.family, schedule.fitted.scheduler) == ("linear", "WarmupDecayLR")
    assert schedule.fitted.max_error < 5e-9
    assert board.schedule() is schedule
    assert judge([("train", {"step": 1.0, "loss": 2.0})], S1, "off")[0].schedule() is None


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([S1, S2, {**S1, "lr_scheduler_type": "linear"}]),
    st.lists(st.tuples(st.integers(-30, 40), st.sampled_from([0.0, 2e-4, 1e-4, 1.9e-4, float("nan")])), max_size=40),
    st.lists(st.integers(1, 40), max_size=6),
)
def test_decisions_do_not_depend_on_how_rates_are_cut(facts: dict[str, FactValue], drawn: list[tuple[int, float]], cuts: list[int]) -> None:
    """Events and verdicts are the same for one block, any blocks, and a row at a time; steps may go back."""
    step, found = 1, []
    for move, rate in drawn:
        step = max(step + move, 1)
        found.append(("train", {"step": float(step), "loss": 2.0, "learning_rate": rate}))
    whole, events = judge(found, facts)
    for where in (cuts, list(range(len(found)))):
        other, again = judge(found, facts, cuts=where)
        assert repr(again) == repr(events)
        assert repr(other.statuses()) == repr(whole.statuses())


def healthy() -> list[Path]:
    """The trainer states of the corpus whose history is healthy."""
    lines = (ROOT / "EXPECT.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    states = [row for row in found if row["file"].startswith("llm/trainer_state")]
    return [ROOT / row["file"] for row in states if (row.get("truth") or {}).get("shape") == "healthy"]


def alarms(path: Path, stated: Mapping[str, FactValue]) -> tuple[Engine, list[Event]]:
    """A file folded with the preset `default`, and what it says of the schedule."""
    engine = fold_files([path], preset=load("default"), stated=stated)
    return engine, [e for e in engine.events if e.rule == "lr_schedule_mismatch"]


@pytest.mark.corpus
@pytest.mark.skipif(not (ROOT / "EXPECT.jsonl").exists(), reason=f"no corpus of real logs at {ROOT} (TRAINWATCH_CORPUS names one)")
def test_no_healthy_run_is_said_to_have_another_schedule() -> None:
    """Neither as the files are, which state no schedule, nor with the true one stated; a wrong one stated is found in each."""
    judged = 0
    for path in healthy():
        total = json.loads(path.read_text()).get("max_steps")
        engine, found = alarms(path, {})
        schedule = engine.snapshot().schedule()
        assert found == [], path
        if schedule is None or schedule.fitted is None:
            continue
        stated: dict[str, FactValue] = {"total_steps": float(total), "learning_rate": float(schedule.fitted.parameters["learning_rate"])}
        assert alarms(path, {**stated, "lr_scheduler_type": schedule.fitted.family})[1] == [], path
        assert alarms(path, {**stated, "lr_scheduler_type": "constant"})[1] != [], path
        judged += 1
    assert judged >= 8


def test_where_every_step_is_printed_two_records_of_another_family_are_enough() -> None:
    """A straight decay in place of a constant rate: two percent off at step 20, said at 21 with the name of what it is; one in ten waits for a third."""
    rates = {step: 2e-4 * (1 - step / 1000) for step in range(1, 200)}
    facts: dict[str, FactValue] = {**S1, "total_steps": 1000}
    every = next(e for e in judge(rows(rates), facts)[1] if e.rule == "lr_schedule_mismatch")
    tenth = next(e for e in judge(rows({s: r for s, r in rates.items() if s % 10 == 1}), facts)[1] if e.rule == "lr_schedule_mismatch")

    assert (every.step, "a linear decay" in every.why, "for 2 records in a row" in every.why) == (21, True, True)
    assert (tenth.step, "for 3 records in a row" in tenth.why) == (41, True)


PLANNED: dict[str, FactValue] = {
    "train_samples": 74823 * 4,
    "num_train_epochs": 3,
    "per_device_train_batch_size": 4,
    "world_size": 1,
    "gradient_accumulation_steps": 16,
}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {**PLANNED, "total_steps": 3 * 74823},
            "which are micro-batches: the run has 14029 updates, so it ends after 1/16 of the schedule",
        ),
        (
            {"total_steps": 4676, "warmup_steps": 7482, "gradient_accumulation_steps": 16},
            "counted in something else than steps, 16 of which are one",
        ),
        ({**PLANNED, "world_size": 8, "total_steps": 3 * 74823 / 16}, "which are steps of all processes"),
    ],
)
def test_a_plan_in_the_wrong_unit_is_told_at_the_first_record(facts: dict[str, FactValue], words: str) -> None:
    """Before a rate says anything: the total is a multiple of the updates that samples and batches make, or warm-up outlasts the run."""
    (event,) = [e for e in judge([("train", {"step": 1.0, "loss": 3.0})], facts)[1] if e.rule == "scheduler_step_unit"]

    assert (event.severity.word, event.step) == ("orange", 1)
    assert words in event.why


@pytest.mark.parametrize("total", [14029, 14028, 14100, 20000])
def test_a_plan_in_updates_is_no_alarm(total: int) -> None:
    """Rounded or not, and for another number of epochs; without the number of processes nothing is said."""
    rows_: list[Row] = [("train", {"step": 1.0, "loss": 3.0})]
    for facts in ({**PLANNED, "total_steps": total}, {**{k: v for k, v in PLANNED.items() if k != "world_size"}, "total_steps": 3 * 74823}):
        assert [e for e in judge(rows_, facts)[1] if e.rule == "scheduler_step_unit"] == []


def test_a_warm_up_that_nobody_states_is_no_mismatch() -> None:
    """Megatron's dump names peak and form, not always the length of warm-up: while rates only rise, nothing can be said."""
    facts: dict[str, FactValue] = {"learning_rate": 1.5e-4, "lr_scheduler_type": "cosine", "total_steps": 500_000, "world_size": 8}
    rising = {step: 1.5e-4 * step / 3200 for step in range(1, 1600, 5)}

    assert raised(rising, facts, "lr_schedule_mismatch") == []
    assert raised(rising, facts, "scheduler_step_unit") == []
    assert [severity for severity, _ in raised(rising, {**facts, "warmup_steps": 100}, "lr_schedule_mismatch")] == ["orange"]
    falling = {step: 1e-4 - 1e-8 * step for step in range(1, 1600, 5)}
    assert [severity for severity, _ in raised(falling, facts, "lr_schedule_mismatch")] == ["orange"]
