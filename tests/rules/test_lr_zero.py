"""A learning rate of zero, as it is printed: the decimals may hide a rate, scientific notation may not."""

from __future__ import annotations

import json

import pytest

from trainwatch.engine.engine import Engine
from trainwatch.formats.zeros import printed_zero
from trainwatch.model.facts import FactValue
from trainwatch.model.inputs import Chunk
from trainwatch.model.snapshot import RunInfo
from trainwatch.model.verdict import Event
from trainwatch.rules.preset import load
from trainwatch.rules.schedule.printed import hidden_by


def judged(text: str, stated: dict[str, FactValue] | None = None, size: int = 0) -> list[Event]:
    """What lr_zero raises over a log, read at once or in pieces of a size."""
    engine, data = Engine(load("full"), RunInfo("r", "r", ("train.out",)), stated=stated), text.encode()
    for at in range(0, len(data), size or len(data)):
        engine.feed(Chunk("train.out", at, data[at : at + (size or len(data))]))
    engine.feed(Chunk("train.out", len(data), b"", final=True))
    return [e for e in engine.events if e.rule == "lr_zero"]


def plain(zero: str, count: int = 60, fall: float = 0.05) -> str:
    """Records of a loop that prints a rate of zero from step 500 on."""
    return "".join(f"step: {100 * i} loss: {5 - fall * i:.4f} lr: {zero if i >= 5 else '1.00e-04'}\n" for i in range(1, count))


def bars(zero: str) -> str:
    """The same behind a bar."""
    return "".join(
        f"Epoch 1/3:   4%|x | {i}/24941 [07:36<2:42:03, 2.45it/s, loss={15.7 - i / 2000:.4f}, lr={zero}]\n" for i in (1118, 1999, 2065)
    )


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        (b"loss=15.72, lr=0.00e+00", "0.00e+00"),
        (b"{'loss': 1.0, 'learning_rate': 0.0, 'epoch': 1.0}", "0.0"),
        (b"step: 3 lr: 0.000000 loss: 0.0", "0.000000"),
        (b"lr: 0.0001 loss: 0.0", ""),
        (b"lr 0 | loss 3", "0"),
        (b"color: 0.0, blr: 0.0", ""),
    ],
)
def test_the_zero_is_kept_as_it_is_printed(text: bytes, zero: str) -> None:
    """Only the one behind the name of the learning rate."""
    assert printed_zero(text) == zero


def test_what_a_zero_may_hide() -> None:
    """Half a unit of its decimals; nothing in scientific notation, and in Python's own where other rates showed more."""
    assert hidden_by("0.0000", "generic", 4) == 5e-5
    assert [hidden_by(*seen) for seen in (("0.00e+00", "generic", 0), ("0.0", "generic", 5), ("0.0", "hf_trainer", 0))] == [0.0, 0.0, 0.0]
    assert (hidden_by("0", "generic", 0), hidden_by("", "generic", 0)) == (None, None)
    assert hidden_by("0.0", "generic", 1) == 0.05


@pytest.mark.parametrize("write", [plain, bars])
def test_scientific_zeros_are_zeros(write) -> None:
    """Orange at the third, however the log arrives: no format explains them."""
    (event,) = judged(write("0.00e+00"))

    assert event.severity.word == "orange"
    assert "is printed as 0.00e+00 in 3 records" in event.why
    assert "formatting cannot explain this" in event.why
    for size in (7, 300, 4096):
        assert repr(judged(write("0.00e+00"), size=size)) == repr([event])


def test_zeros_of_few_decimals_hide_a_rate() -> None:
    """Yellow, with what may be hidden; orange where the configured rate would show in them."""
    text = "".join(f"step: {100 * i} loss: {5 - 0.05 * i:.4f} lr: 0.0000\n" for i in range(1, 60))
    (event,) = judged(text)
    assert (event.severity.word, "below 5e-05" in event.why) == ("yellow", True)

    facts: dict[str, FactValue] = {"learning_rate": 0.01, "lr_scheduler_type": "constant", "warmup_steps": 0.0}
    (event,) = judged(text, facts)
    assert (event.severity.word, "the configured schedule gives 0.01 here" in event.why) == ("orange", True)
    assert judged(text, {**facts, "learning_rate": 2e-5}) == []


def test_a_run_that_learns_nothing_at_a_rate_of_zero_is_red() -> None:
    """The train loss has not fallen for 200 steps since the first zero."""
    events = judged(plain("0.000e+00", fall=0.0))

    assert [(e.severity.word, e.step) for e in events] == [("red", 700)]
    assert "has not fallen from 5 at step 500" in events[0].why


def test_json_prints_zeros_in_full() -> None:
    """`0.0` in a JSON line is no rounded value."""
    lines = "".join(json.dumps({"step": 100 * i, "loss": 5 - 0.05 * i, "lr": 0.0}) + "\n" for i in range(1, 9))

    assert [e.severity.word for e in judged(lines)] == ["orange"]
