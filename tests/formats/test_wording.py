from __future__ import annotations

from tests.formats.reading import read, values

from trainwatch.formats.wording import plain


def test_what_lightning_chooses_checkpoints_by_is_an_evaluation() -> None:
    """The monitored value, whatever its name, at the step and epoch of the line; a line without a value is none."""
    found = read(
        "Epoch 2, global step 300: 'val/acc' reached 0.75000 (best 0.75000), saving model to '/out/epoch=2-val_loss=9.ckpt' as top 1\n"
        "Epoch 3, global step 400: 'val/acc' was not in top 1\n"
        'Epoch 4, global step 500: avg_psnr reached 27.50000 (best 27.50000), saving model to "/out/b.ckpt" as top 3\n'
    )
    assert [(record[0], record[4], record[5], values(record)) for record in found] == [
        ("eval", 300, 2.0, {"val/acc": 0.75}),
        ("eval", 500, 4.0, {"avg_psnr": 27.5}),
    ]


def test_batches_of_darts() -> None:
    """Batch, loss and accuracies without names, in the epoch of the heading; the averages of an evaluation's batches are none."""
    found = read(
        "01/18 12:35:20 PM epoch 3 lr 2.500000e-02\n"
        "01/18 12:35:28 PM train 000 2.625000e+00 6.250000 43.750000\n"
        "01/18 12:37:07 PM train 050 2.125000e+00 20.750000 73.250000\n"
        "01/18 12:38:07 PM valid 000 2.250000e+00 20.750000 73.250000\n"
        "01/18 12:38:09 PM valid_acc 23.500000\n"
    )
    assert [(record[0], record[4], record[5]) for record in found] == [("train", 0, 3.0), ("train", 50, 3.0), ("eval", None, 3.0)]
    assert values(found[1]) == {"loss": 2.125, "top1": 20.75, "top5": 73.25}


def test_plain_words_stay() -> None:
    """A message that says it as all do is left alone."""
    for text in (b"train loss: 2.5", b"train 3 of 5", b"Epoch 1 reached the end"):
        assert plain(text) is text
