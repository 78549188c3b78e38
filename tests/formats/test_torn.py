from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.reading import read, read_in, values

from trainwatch.formats import torn

PRINTED: dict[str, Callable[[int, int, float], str]] = {
    "pairs": lambda _, step, loss: f"step={step} loss={loss:.4f} lr=1.0e-04",
    "names": lambda _, step, loss: f"step: {step}, loss: {loss:.4f}, took 12ms",
    "brackets": lambda _, step, loss: f"Epoch [{step}/40], Step [{step}/40], Loss: {loss:.4f}",
    "json": lambda _, step, loss: json.dumps({"step": step, "loss": round(loss, 4)}),
    "ranks": lambda rank, step, loss: f"[rank{rank}]: step {step} loss: {loss:.4f}",
    "times": lambda rank, step, loss: f"2026-01-{rank + 10} 12:00:{step:02d},123 - INFO - step {step} loss: {loss:.4f}",
    "nanogpt": lambda _, step, loss: f"iter {step}: loss {loss:.4f}, time 120.00ms, mfu 30.00%",
    "hf": lambda _, step, loss: f"{{'loss': {loss:.4f}, 'grad_norm': 1.0, 'learning_rate': 0.0001, 'epoch': {step}.0}}",
    "megatron": lambda _, step, loss: (
        f" iteration {step:8d}/ 5000 | consumed samples: {step * 256:12d} | elapsed time per iteration (ms): 1234.5 | "
        f"learning rate: 1.000000E-04 | global batch size:   256 | lm loss: {loss:.6E} | loss scale: 1.0 | grad norm: 1.000 |"
    ),
}


@pytest.mark.parametrize("form", PRINTED)
@settings(max_examples=15, deadline=None)
@given(order=st.lists(st.permutations([0, 0, 1, 1, 2, 2]), min_size=2, max_size=30))
def test_every_record_of_every_rank_is_read(form: str, order: list[list[int]]) -> None:
    """Text and newline of three ranks in any order: no record is lost, none is made of two, whatever the line looks like."""
    data, losses = "", []
    for step, moment in enumerate(order, 1):
        begun: set[int] = set()
        for rank in moment:
            loss = 4 - step / 100 + rank / 1000
            data += "\n" if rank in begun else PRINTED[form](rank, step, loss)
            losses += [] if rank in begun else [round(loss, 4)]
            begun.add(rank)
    found = read(data)
    assert Counter(round(float(str(values(record)["loss"])), 4) for record in found if record[0] == "train") == Counter(losses)
    assert read_in(data.encode(), [len(data) // 3, len(data) // 2], fast=False) == found


@pytest.mark.parametrize(
    "line",
    [
        b"12 0.7 0.9 112 0.7 0.9",
        b"step 5 loss 2.1 (best at step 4)",
        b"step: 5 microstep: 3 global_step: 5",
        b'[{"step": 1, "loss": 2.0},{"step": 2, "loss": 1.9}]',
        b"epoch 3: loss 0.5, epoch 3 took 5 s",
        b"lr1=0.1,lr2=0.2,lr3=0.3",
        b"2026-01-10 12:00:01 from 2026-01-10 12:00:00",
        b"1" * 4000,
        b"step " * 4000,
    ],
)
def test_what_says_a_thing_twice_is_one_line(line: bytes) -> None:
    """Rows of numbers, a best step, lists, sentences: nothing is taken apart that stands apart already."""
    assert torn.parts(line) == []
