"""The phases of reinforcement learning follow the reward."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rules.records import Row, blocks, board, judge

from trainwatch.model.snapshot import PhaseSpan


def grpo(rewards: list[float]) -> list[Row]:
    """Records of GRPO: the loss says nothing."""
    return [("train", {"step": float(i + 1), "epoch": (i + 1) / 1000, "loss": 0.001 * i, "reward": r}) for i, r in enumerate(rewards)]


def course(seed: int, noise: float = 0.1) -> list[float]:
    """A reward that rises for 300 records, stands for 300 and comes down over 200."""
    dice = random.Random(seed)
    rise, stay, fall = ([i / 300 for i in range(300)], [1.0] * 300, [1 - i / 200 for i in range(200)])
    return [value + dice.gauss(0, noise) for value in (*rise, *stay, *fall)]


def phases(rows: list[Row], cuts: list[int] | None = None) -> list[PhaseSpan]:
    """The phases after these records."""
    return list(judge(rows, {"total_steps": float(len(rows))}, "default", cuts or [])[0].phases())


@pytest.mark.parametrize("seed", range(6))
def test_a_reward_rises_stands_and_collapses(seed: int) -> None:
    """Warm-up, improving, flat, collapsing, with the turns near where they are; noise may only cut the flat part short."""
    found = phases(grpo(course(seed)))
    names = [p.phase for p in found]
    starts = {p.phase: p.step_start or 0 for p in reversed(found)}

    assert names[:2] == ["warm-up", "improving"]
    assert names[-1] == "collapsing"
    assert "flat" in names
    assert starts["improving"] <= 60
    assert 250 <= starts["flat"] <= 480
    assert 620 <= found[-1].step_start <= 780  # type: ignore[operator]
    assert found[-1].step_end == 800


def test_spans_join_and_say_why() -> None:
    """Each begins where the one before ended, with the rewards of both ends."""
    found = phases(grpo(course(1, 0.0)))

    assert [p.step_end for p in found[:-1]] == [p.step_start for p in found[1:]]
    assert found[1].why.startswith("reward goes from")
    assert "more than half of what it had gained" in found[-1].why


def test_noise_alone_is_flat() -> None:
    """A policy that learns nothing is not improving for long, and nothing collapses that has not risen."""
    dice = random.Random(5)
    found = phases(grpo([0.3 + dice.gauss(0, 0.1) for _ in range(1000)]))
    flat = sum((p.step_end or 0) - (p.step_start or 0) for p in found if p.phase == "flat")

    assert flat > 700
    assert "collapsing" not in {p.phase for p in found}


def test_a_note_begins_the_reward_anew() -> None:
    """The phases so far stay; a fall from the level of before is none of the new task."""
    seated = board("default", {"total_steps": 1000.0})
    for block in blocks(grpo([i / 300 for i in range(300)])):
        seated.observe(block)
    before = seated.phases()
    seated.note("harder prompts", 1.0)
    later = [(kind, {**values, "step": values["step"] + 300}) for kind, values in grpo([0.2 + i / 1000 for i in range(200)])]
    for block in blocks(later):
        seated.observe(block)

    assert seated.phases()[: len(before)] == before
    assert [p.phase for p in seated.phases()[len(before) :]] == ["warm-up", "improving"]
    assert seated.phases()[len(before)].step_start == 300


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=12), st.integers(0, 5))
def test_phases_of_rewards_do_not_depend_on_how_records_are_cut(cuts: list[int], seed: int) -> None:
    """The same spans for one block and for many, NaN among the rewards."""
    rewards = course(seed)[::2]
    rewards[seed * 7] = math.nan

    assert phases(grpo(rewards), sorted(set(cuts))) == phases(grpo(rewards))
