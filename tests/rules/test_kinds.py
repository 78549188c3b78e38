"""Kinds that need more than one table of records: devices, several sources, several attempts, time."""

from __future__ import annotations

import dataclasses
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, block, blocks, board, climbed, curve, judge

from trainwatch.model.block import Kind
from trainwatch.model.facts import Facts
from trainwatch.model.inputs import CheckpointSeen, Gpu, Sample
from trainwatch.model.verdict import Event
from trainwatch.rules.board import Board
from trainwatch.rules.catalogue import catalogue, kind_names
from trainwatch.rules.forecast import fit
from trainwatch.rules.history import History
from trainwatch.rules.preset import load
from trainwatch.rules.windows import Windows


def only(rule: str, **changes: float) -> Board:
    """A board with one rule of `full`, its settings changed."""
    preset = load("full")
    spec = next(r for r in preset.rules if r.name == rule)
    spec = dataclasses.replace(spec, settings=dataclasses.replace(spec.settings, **changes))
    return Board(dataclasses.replace(preset, rules=(spec,)), Facts())


def train(step: int, **values: float) -> Row:
    """A train record."""
    return ("train", {"step": float(step), "loss": 2.0, **values})


def test_modules_bear_the_names_of_their_kinds() -> None:
    """A kind is found without importing all the others."""
    assert list(catalogue()) == [kind.name for kind in catalogue().values()] == list(kind_names())


def test_a_slow_rank() -> None:
    """With a log for each rank, the one that takes twice as long is named."""
    seated = only("straggler")
    fast = [train(i, step_time=0.5) for i in range(1, 41)]
    slow = [train(i, step_time=1.1) for i in range(1, 41)]
    events: list[Event] = []
    for one in blocks(fast):
        events += seated.observe(dataclasses.replace(one, source="rank0.out"))
    for one in blocks(slow):
        events += seated.observe(dataclasses.replace(one, source="rank1.out"))

    assert climbed(events, "straggler") == [("yellow", 20)]
    assert events[0].why.startswith("rank1.out takes 1.1 s a step")


def test_a_job_that_starts_again_and_again() -> None:
    """The third restart without a newer complete checkpoint is red; a checkpoint withdraws it."""
    seated = only("restart_without_progress")
    events: list[Event] = []
    for attempt in range(1, 5):
        (one,) = blocks([train(10)])
        events += seated.observe(dataclasses.replace(one, attempt=attempt))
        if attempt == 1:
            events += seated.checkpoint(CheckpointSeen(1.0, "checkpoint-5", 5, complete=True))
    assert [(e.verdict, e.severity.word, e.attempt) for e in events] == [("fired", "red", 4)]
    assert "newer than that of step 5" in events[0].why

    events = seated.checkpoint(CheckpointSeen(9.0, "checkpoint-10", 10, complete=True))
    assert [e.verdict for e in events] == ["withdrawn"]


def test_a_log_whose_speed_falls() -> None:
    """Two windows at two fifths of the best speed are orange, however the records are cut."""
    rows = [train(i, tokens_per_second=1000.0 if i <= 255 else 400.0) for i in range(1, 406)]
    _, events = judge(rows)
    _, single = judge(rows, cuts=range(len(rows)))

    assert climbed(events, "throughput_regression") == climbed(single, "throughput_regression") == [("orange", 355)]


def test_a_speed_that_jitters_is_no_regression() -> None:
    """A fifth up and down around the same mean."""
    dice = random.Random(1)
    rows = [train(i, step_time=1.0 + dice.uniform(-0.2, 0.2)) for i in range(1, 1001)]

    assert climbed(judge(rows)[1], "throughput_regression") == []


def test_a_budget() -> None:
    """Ten device hours, eight devices: orange once the pace is known to be too slow, red after an hour and a quarter."""
    seated = only("budget", gpu_hours=10.0)
    seated.history.plan._facts.note("world_size", 8.0, "--fact")
    seated.history.plan._facts.note("total_steps", 1000.0, "--fact")
    events = seated.observe(blocks([train(1)])[0])
    for minute in range(0, 90, 5):
        events += seated.progress(1 + minute * 2, minute * 60.0)
        events += seated.tick(minute * 60.0)

    assert [(e.severity.word, e.at / 60) for e in events] == [("orange", 10), ("red", 75)]


def test_a_device_nearly_full() -> None:
    """Above 95 % is yellow in the preset `full`, and nothing in the quiet one."""
    sample = Sample(1.0, (Gpu(0, "0", "H100", 0.9, 97, 100),))

    assert [e.severity.word for e in board("full").sample(sample)] == ["yellow"]
    assert board("default").sample(sample) == []


def test_a_machine_without_devices_is_blind() -> None:
    """No sample with a device: neither idle nor full."""
    seated = board("full")
    seated.sample(Sample(1.0, (), "no device"))
    blind = {s.rule for s in seated.statuses() if s.verdict.outcome == "blind"}

    assert {"gpu_idle", "out_of_memory"} <= blind


def test_skipped_steps_of_half_precision() -> None:
    """More than one step in twenty left out of the last 200 is red, after the scale has found its level."""
    seated = board("full")
    events = seated.observe(block("train", [{"step": float(i), "loss": 2.0} for i in range(1, 151)]))
    (notice,) = blocks([("event", {"step": 150.0, "loss_scale": 1024.0})])
    for _ in range(11):
        events += seated.observe(dataclasses.replace(notice, texts=({"event": "overflow"},)))

    assert [e.severity.word for e in events if e.rule == "loss_scale_collapse"] == ["red"]


def test_rules_of_reinforcement_learning_are_shown_only_there() -> None:
    """A supervised run does not hear of rewards; a run with rewards does."""
    plain, _ = judge([train(1)], preset="default")
    rewarded, _ = judge([train(1, reward=0.5)], preset="default")

    assert "reward_trend" not in {s.rule for s in plain.statuses()}
    assert "reward_trend" in {s.rule for s in rewarded.statuses()}


def test_a_loss_and_a_gradient_of_nothing_all_at_once() -> None:
    """A filter may have hidden a NaN: yellow, and no more than that; a loss that fades away is another thing."""
    rows = [train(i, grad_norm=1.0) for i in range(1, 5)] + [
        ("train", {"step": float(i), "loss": 0.0, "grad_norm": 0.0}) for i in range(5, 15)
    ]
    fading = [("train", {"step": float(i), "loss": round(2.0 * 0.5**i, 4), "grad_norm": round(0.5**i, 4)}) for i in range(1, 30)]

    assert climbed(judge(rows)[1], "non_finite") == [("yellow", 5)]
    assert climbed(judge(fading)[1], "non_finite") == []


def test_the_same_loss_to_the_last_digit() -> None:
    """Three times in a row with six digits is a sign; with four, or at the same step, it is none."""
    for value, step, found in ((1.234567, 1, [("yellow", 4)]), (1.234, 1, []), (1.234567, 0, [])):
        rows: list[Row] = [("train", {"step": 1.0 + step * i, "loss": 2.0 if i == 0 else value}) for i in range(4)]
        assert climbed(judge(rows)[1], "non_finite") == found


def test_instruction_tuning_is_spoken_of_only_in_a_fine_tune() -> None:
    """The hint that a fine-tune may go on past its minimum needs adapters or the fact `pretrained`."""
    rows = curve([1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [1.0, 0.9, 0.8, 0.9, 1.0, 1.1])
    for facts, spoken in (({}, False), ({"lora_alpha": 8.0}, True), ({"pretrained": True}, True)):
        whys = [e.why for e in judge(rows, {"total_steps": 100, **facts}, "default")[1] if e.severity.word == "red" and e.rule == "overfit"]
        assert whys
        assert all(("instruction tuning" in why) == spoken for why in whys)


def test_two_losses_that_are_not_the_same_stop_nothing() -> None:
    """While eval loss is a tenfold of the train loss by its definition, overfit stays at orange."""
    train_losses, evals = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5], [10.0, 9.0, 8.0, 9.0, 10.0, 11.0]
    facts = {"total_steps": 100, "gradient_accumulation_steps": 10}
    _, events = judge(curve(train_losses, evals), facts)

    assert climbed(events, "loss_definition_mismatch") == [("orange", 20)]
    assert [s for s, _ in climbed(events, "overfit")] == ["orange"]


def test_the_power_law_of_a_curve_is_found() -> None:
    """Exact points give back their curve."""
    steps = [float(s) for s in range(10, 500, 10)]
    c, a, p = fit(steps, [1.5 + 3.0 * s**-0.4 for s in steps])

    assert (round(c, 6), round(a, 6), p) == (1.5, 3.0, 0.4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-5, 5), max_size=60), st.integers(1, 9), st.lists(st.integers(0, 60), max_size=6))
def test_windows_do_not_depend_on_cuts(values: list[float], size: int, cuts: list[int]) -> None:
    """The same windows, ending at the same values, for any cuts."""
    from array import array
    from itertools import pairwise

    whole = list(Windows(size).fill(array("d", values)))
    filling, found = Windows(size), []
    for start, end in pairwise([0, *sorted(c for c in cuts if c <= len(values)), len(values)]):
        found += [(start + row, window) for row, window in filling.fill(array("d", values[start:end]))]

    assert found == whole
    assert [row for row, _ in whole] == list(range(size - 1, len(values), size))


def test_bytes_without_records_are_told() -> None:
    """Half an hour of output that nobody can read is orange, and the next record withdraws it."""
    seated = board("full")
    seated.observe(block("train", [{"step": 1.0, "loss": 2.0}], 0, 0.0))
    seated.arrived(9000, 0.0, read=True)
    events = [e for minute in range(1, 40) for e in seated.arrived(1000, 60.0 * minute, read=False)]
    events += seated.observe(block("train", [{"step": 60.0, "loss": 1.0}], 60, 2500.0))

    assert [(e.verdict, e.rule) for e in events] == [("fired", "watcher_blind"), ("withdrawn", "watcher_blind")]


def test_a_loss_scale_of_one_from_the_start_has_not_collapsed() -> None:
    """Training without a scale prints 1; five falls within 2,000 steps are far apart."""
    constant = [train(i, loss_scale=1.0) for i in range(1, 20)]
    rare = [train(400 * i, loss_scale=65536.0 / 2**i) for i in range(8)]

    assert climbed(judge(constant)[1], "loss_scale_collapse") == []
    assert climbed(judge(rare)[1], "loss_scale_collapse") == []


def test_runs_one_after_the_other_are_no_restarts() -> None:
    """A log that holds a sweep begins anew with each run; a launcher that goes back and back does not get on."""
    sweep = [train(step) for _ in range(5) for step in range(1, 200, 10)]
    resumes = [train(step) for _ in range(5) for step in range(100, 200, 10)]

    assert climbed(judge(sweep)[1], "restart_without_progress") == []
    assert climbed(judge([train(1), *resumes])[1], "restart_without_progress") == [("red", 100)]


def test_a_loss_in_other_words_is_no_task_metric() -> None:
    """Bits per byte fall and rise with the loss: they keep nothing from being judged; an accuracy does."""
    losses = [0.90, 0.80, 0.85, 0.95, 1.05, 1.15, 1.25]
    for name, other in (("eval_bpb", False), ("eval_accuracy", True)):
        rows = curve([1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05], losses)
        better = [0.5 - 0.05 * i if name == "eval_bpb" else 0.5 + 0.05 * i for i in range(7)]
        rows = [(k, v if k == "train" else {**v, name: better[i // 2]}) for i, (k, v) in enumerate(rows)]
        _, events = judge(rows, {"total_steps": 70})
        assert ([s for s, _ in climbed(events, "overfit")][-1] == "orange") == other
        assert bool(climbed(events, "metric_disagreement")) == other


@pytest.mark.parametrize("name", ["train/approx_kl", "rollout/ep_rew_mean", "actor/pg_loss", "kl"])
def test_reinforcement_learning_is_known_by_its_fields(name: str) -> None:
    """Whatever the framework: a loss that runs away says nothing there."""
    rows = [train(i, **{name: 0.1}) for i in range(1, 60)]

    assert judge(rows)[0].history.profile == "reinforcement learning"


def test_a_train_loss_that_stays_is_no_alarm_while_evaluations_improve() -> None:
    """A hard task: the train loss moves by less than one percent, the eval loss by three. Without evaluations that is an alarm."""
    dice = random.Random(3)
    train = [0.682 - 0.0001 * i / 3 + dice.gauss(0, 0.002) for i in range(120)]
    rows = curve(train, [0.69 - 0.0002 * i for i in range(120)])
    alone = [(kind, values) for kind, values in rows if kind == "train"]

    assert climbed(judge(rows, preset="default")[1], "loss_not_decreasing") == []
    assert [severity for severity, _ in climbed(judge(alone, preset="default")[1], "loss_not_decreasing")] == ["orange"]


@pytest.mark.parametrize("seed", range(8))
def test_noise_in_a_run_of_many_evaluations_asks_for_no_save(seed: int) -> None:
    """The best of 300 noisy evaluations is the luckiest, and near zero any distance is a large share: no orange, and hardly a yellow."""
    dice = random.Random(seed)
    evals = [0.5 * math.exp(-i / 60) - 0.05 + dice.gauss(0, 0.03) for i in range(300)]
    train = [0.5 * math.exp(-i / 60) - 0.05 - 0.0001 * i + dice.gauss(0, 0.01) for i in range(300)]
    _, events = judge(curve(train, evals), preset="default")
    raised = [severity for severity, _ in climbed(events, "overfit")]

    assert "orange" not in raised
    assert len(raised) <= 3


@given(
    st.sampled_from(["train", "info", "eval"]),
    st.sets(st.sampled_from(["loss", "grad_norm", "learning_rate", "reward", "entropy", "kl", "timing_s/gen", "step"])),
)
def test_a_rule_finds_nothing_in_what_it_does_not_heed(kind: Kind, names: set[str]) -> None:
    """Records that a rule is not asked about would tell it nothing."""
    seen, history = block(kind, [dict.fromkeys(sorted(names), float(row)) for row in range(3)]), History(Facts())
    for made in catalogue().values():
        rule = made.make(made.settings())
        if not rule.heeds(kind, seen.columns):
            assert not list(rule.records(seen, history)), made.name
