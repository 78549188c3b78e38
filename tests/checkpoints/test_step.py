from __future__ import annotations

import pytest

from trainwatch.checkpoints.step import named_step


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("checkpoint-300", 300),
        ("ckpt_300.pt", 300),
        ("ckpt300.pt", 300),
        ("epoch=3-step=300.ckpt", 300),
        ("global_step300", 300),
        ("iter_0000300", 300),
        ("model_step-300.safetensors", 300),
        ("epoch_3.pt", None),
        ("best.pt", None),
        ("gpt2-124.bin", None),
        ("checkpoint-" + "9" * 40, None),
    ],
)
def test_the_step_in_a_name(name: str, step: int | None) -> None:
    """A number counts as the step only after a word that says so."""
    assert named_step(name) == step
