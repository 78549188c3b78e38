from __future__ import annotations

import pytest

from trainwatch.rules.metric import direction, measurements, primary, profile


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("eval_loss", "min"),
        ("eval_wer", "min"),
        ("perplexity", "min"),
        ("val_bpb", "min"),
        ("eval_accuracy", "max"),
        ("eval_f1", "max"),
        ("eval_rougeL", "max"),
        ("eval_rouge1", "max"),
        ("mAP", "max"),
        ("eval_something", None),
        ("terror", None),
    ],
)
def test_the_better_direction_is_told_by_the_name(name: str, way: str | None) -> None:
    """Losses and error rates go down, scores go up, and a name that says neither stays unknown."""
    assert direction(name) == way


def test_the_configured_direction_wins() -> None:
    """`greater_is_better` says it."""
    assert (direction("eval_loss", "True"), direction("eval_accuracy", "False")) == ("max", "min")


def test_the_configured_metric_decides_with_or_without_prefix() -> None:
    """`metric_for_best_model = wer` means eval_wer; without it eval_loss is a guess."""
    names = ["eval_loss", "eval_wer", "eval_runtime"]

    assert primary(names, "wer") == ("eval_wer", False)
    assert primary(names, "eval_wer") == ("eval_wer", False)
    assert primary(names, None) == ("eval_loss", True)
    assert primary(names, "bleu") == ("eval_loss", True)
    assert primary(["eval_runtime", "eval_accuracy"], None) == ("eval_accuracy", True)
    assert primary(["eval_runtime"], None) == (None, True)


def test_durations_are_no_measurements() -> None:
    """How long an evaluation took says nothing about the model."""
    assert measurements(["eval_loss", "eval_runtime", "eval_samples_per_second", "eval_steps"]) == ["eval_loss"]


def test_profiles_are_told_by_the_fields() -> None:
    """Rewards mean reinforcement learning, two losses against each other mean a GAN."""
    assert profile(["loss", "rewards/accuracy"]) == "reinforcement learning"
    assert profile(["Loss_D", "Loss_G"]) == "adversarial training"
    assert profile(["loss", "grad_norm"]) == ""
