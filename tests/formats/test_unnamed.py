from __future__ import annotations

from tests.formats.reading import read, values


def test_an_iteration_of_darknet() -> None:
    """The loss of the batch is the loss; what is averaged stands beside it."""
    first, second = read(
        " 200: 12.125, 14.25 avg, 0.001 rate, 2.5 seconds, 12800 images\n"
        " (next mAP calculation at 1000 iterations) \n"
        " 201: 12.0, 14.0 avg loss, 0.001 rate, 2.5 seconds, 12864 images, 3.25 hours left\n"
    )
    assert (first[0], first[4], second[4]) == ("train", 200, 201)
    assert values(first) == {"loss": 12.125, "avg_loss": 14.25, "learning_rate": 0.001, "step_time": 2.5, "images": 12800}


def test_the_lists_of_vits() -> None:
    """Two ways to print the losses of its discriminator and its generator; neither is the loss of the whole."""
    vits, so_vits = read(
        "INFO:base:Train Epoch: 1 [20%]\nINFO:base:[2.5, 2.25, 7.5, 30.125, 1.75, 2.0, 200, 0.0002]\n"
        "2026-01-01 10:00:00,123\t44k\tINFO\tLosses: [2.5, 2.25, 7.5, 30.125, 3.5], step: 400, lr: 0.0001, reference_loss: 45.0\n"
    )
    assert (vits[0], vits[4], so_vits[4]) == ("train", 200, 400)
    assert values(vits)["loss_dur"] == 1.75
    assert values(so_vits)["loss_kl"] == 3.5


def test_other_lists_are_no_records() -> None:
    """A list counts when its length and its integer are those of VITS."""
    assert read("INFO:base:[2.5, 2.25, 7.5, 30.125, 1.75]\n[1, 2, 3, 4, 5, 6, 7.5, 8]\n[0.1, 0.2, 0.3]\n3: 4, 5 avg\n") == []
