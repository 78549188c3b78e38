"""Runs that count batches, of which several make one of the optimizer steps that are planned."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.rules.records import block

from trainwatch.engine.engine import Engine
from trainwatch.model.facts import Facts
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import RunInfo, Snapshot
from trainwatch.rules.plan import Plan
from trainwatch.rules.preset import load

BATCHES, EPOCHS, EVERY = 8000, 4, 8


def log(line: str, end: int = BATCHES) -> bytes:
    """A run that learns nothing until its warm-up is half over, and then well; `line` is how it prints a step."""
    draw = random.Random(1)
    settings = f"max_steps: {BATCHES // EVERY}\ngradient_accumulation_steps: {EVERY}\nwarmup_steps: 100\n"
    lines = [settings + (f"num_train_epochs: {EPOCHS}\n" if "epoch" in line else "")]
    for step in range(10, end + 1, 10):
        loss = 0.5 + 3 * 0.11 ** (max(0, step - 480) / BATCHES) + draw.gauss(0, 0.02)
        at = line.format(step=step, epoch=step * EPOCHS / BATCHES)
        lines.append(f"{at} loss: {loss:.4f}\n" + (f"{at} eval_loss: {loss + 0.05:.4f}\n" if step % 400 == 0 else ""))
    return "".join(lines).encode()


def judged(data: bytes) -> Snapshot:
    """The log as every rule judges it."""
    engine = Engine(load("full"), RunInfo("r", "r", ("r.log",)))
    engine.feed(Chunk("r.log", 0, data, final=True))
    return engine.snapshot()


@pytest.mark.parametrize("line", ["step {step}", "step {step}/8000", "step {step} epoch {epoch:.3f}"])
def test_what_is_early_in_batches_is_not_late_in_steps(line: str) -> None:
    """After 300 batches 4 % of the run are over, not 30 %, and it still warms up: no rule finds that nothing comes of it."""
    shown = judged(log(line))
    assert shown.events == ()
    assert (shown.progress.step, shown.progress.total_steps) == (BATCHES, BATCHES)


def test_what_is_found_says_what_it_counts() -> None:
    """A loss that never falls is told at a share of the batches, with the unit."""
    data = (
        log("step {step} epoch {epoch:.3f}").replace(b"loss: 1", b"loss: 3").replace(b"loss: 2", b"loss: 3").replace(b"loss: 0", b"loss: 3")
    )
    found = next(event for event in judged(data).events if event.rule == "underfitting")
    assert found.step == BATCHES // 2
    assert found.why.startswith("after 50.0 % of the run")
    assert found.why.endswith("(printed steps are batches: 8 make one optimizer step)")


def test_steps_of_a_format_that_counts_them_are_steps() -> None:
    """Where a format says what its steps are, accumulation changes nothing; where names and values are read, it must be told."""
    plan = Plan(Facts({"total_steps": 1000.0, "gradient_accumulation_steps": 8.0}))
    assert plan.steps("total_steps", 500, None, "megatron") == 1000
    assert plan.steps("total_steps", 500, None, "generic") is None
    assert plan.steps("total_steps", 1500, None, "generic") == 8000
    assert plan.steps("warmup_steps", 1500, None, "generic") is None


def test_a_record_knows_what_stands_before_it_in_its_own_attempt() -> None:
    """A fact further on is not seen; one that was passed is; where the file begins again, its lines are counted from the first."""
    facts = Facts()
    facts.note("seed", 1.0, "train.out", 4)
    facts.note("gpus", 8.0, "train.out", 9)
    plan = Plan(facts)
    seen = []
    for first, attempt in ((2, 1), (5, 1), (8, 1), (2, 2)):
        at = replace(block("train", [{"loss": 1.0}, {"loss": 1.0}], first), attempt=attempt)
        for row in (1, 0):
            plan.move(at, row)
            seen.append((plan.number("seed"), plan.number("gpus"), plan.is_whole))
    nothing, one, both = (None, None, False), (1.0, None, False), (1.0, 8.0, True)
    assert seen == [one, nothing, one, one, both, both, one, nothing]
