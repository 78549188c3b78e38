from __future__ import annotations

import pytest
from tests.formats.reading import read, values

from trainwatch.formats.bars import clock, frames, records, steps_of
from trainwatch.formats.reader import Reader
from trainwatch.model.facts import Facts


def test_a_bar_with_values_is_a_record_per_counter() -> None:
    """Of the pictures of one moment the last counts."""
    text = "".join(
        f"\rTraining:   1%|          | {step}/5000 [00:22<54:11,  1.53it/s, loss={loss}, lr=5.79e-05, step={step + 1}]"
        for step, loss in ((27, 11.0), (28, 10.9), (28, 10.8), (29, 10.7))
    )
    found = read(text)
    assert [(record[4], values(record)["loss"]) for record in found] == [(28, 11.0), (29, 10.8), (30, 10.7)]
    assert {record[1] for record in found} == {"bars"}


def test_a_bar_within_an_epoch_counts_over_the_run() -> None:
    """`Epoch 2/3: … 10/100` is the 110th of 300."""
    (frame,) = frames(b"Epoch 2/3:  10%|x  | 10/100 [00:10<01:30,  1.00it/s, loss=1.5]")
    assert steps_of(frame) == (110, 300)
    (made,) = records(frame)
    assert made.step == 110


def test_a_bar_of_an_evaluation_is_no_train_record() -> None:
    """Values behind a validation bar are progress within an evaluation."""
    (frame,) = frames(b"Validation:  10%|x  | 10/100 [00:10<01:30,  1.00it/s, loss=1.5]")
    (made,) = records(frame)
    assert made.kind == "bar"


def test_bars_without_values_are_no_records() -> None:
    """Progress alone is not exported."""
    assert read("\rMap:  69%|###   | 1000/1448 [00:00<00:00, 6256.56 examples/s]\rMap: 100%|####| 1448/1448 [00:00<00:00, 7 ex/s]\n") == []


def test_two_bars_may_be_glued() -> None:
    """A line may hold pictures of bars one behind the other."""
    text = "Epoch 1/3:   4%|x | 1118/24941 [07:36<2:42:03, 2.45it/s, loss=15.7]Epoch 1/3:   8%|x | 1999/24941 [13:35<2:36:04, 2.45it/s, loss=15.6]\n"
    assert [record[4] for record in read(text)] == [1118, 1999]


def test_clock() -> None:
    """Elapsed times have two or three parts."""
    assert clock(b"01:30") == 90
    assert clock(b"1:45:06") == 6306


def test_a_bar_that_ends_without_a_record_is_no_training() -> None:
    """A bar of two shards came to its end: the run did not come to step 2 of 2. With a record beside it, a bar counts training."""
    bar = b"\r  0%|          | 0/2 [00:00<?, ?it/s]\r 50%|#####     | 1/2 [00:03<00:03,  3.00s/it]"
    end = b"\r100%|##########| 2/2 [00:06<00:00,  3.00s/it]\n"
    reader = Reader("log", facts=Facts())
    reader.feed(bar + b"\n", 0)
    assert reader.progress == (1, 2)
    reader.feed(end, len(bar) + 1, final=True)
    assert (reader.progress, reader.span.seconds) == (None, None)
    reader = Reader("log", facts=Facts())
    reader.feed(bar + b"{'loss': 1.0, 'epoch': 0.5}\n" + end, 0, final=True)
    assert reader.progress == (2, 2)


def test_values_may_be_said_in_other_ways() -> None:
    """`name: value` behind a bar, a dictionary, a loss in its description; the last picture of a moment counts there too."""
    for text in (
        "\rEpoch 1:  50%|x | 5/10 [00:01<00:01,  5.00it/s, loss: 0.75, acc: 0.81]\rEpoch 1:  50%|x | 5/10 [00:01<00:01,  5.00it/s, loss: 0.5, acc: 0.81]\n",
        "\r 50%|x | 5/10 [00:01<00:01,  5.00it/s, {'loss': 0.5, 'lr': 0.1}]\n",
        "\rloss: 0.75:  50%|x | 5/10 [00:01<00:01,  5.00it/s]\rloss: 0.5:  50%|x | 5/10 [00:01<00:01,  5.00it/s]\n",
        "\rTraining Epoch: 1/1, step 4/9 completed (loss: 0.5):  50%|x | 5/10 [00:01<00:01,  5.00it/s]\n",
        "\r1|5|Loss: 0.5:  50%|x | 5/10 [00:01<00:01,  5.00it/s]\n",
    ):
        (found,) = read(text)
        assert (found[0], found[4], values(found)["loss"]) == ("train", 5, 0.5)
    assert read("\rMap (num_proc=8):  50%|x | 5/10 [00:01<00:01,  5.00it/s]\rEpoch: 3:  60%|x | 6/10 [00:01<00:01,  5.00it/s]\n") == []


def test_an_evaluation_that_a_bar_goes_on_showing_is_one() -> None:
    """Lightning keeps the newest values of the evaluation behind the train bar; the main loss is the whole one."""
    bar = "\rEpoch 1: 100%|x| {} [00:53<00:00,  6.56it/s, v_num=1, train/loss_soft_step=2.5, val/loss={}, train/loss_total_step=2.75]"
    found = read("".join(bar.format(count, loss) for count, loss in (("8/9", 3.25), ("9/9", 3.25), ("9/9", 3.0))) + "\n")
    assert [(record[0], record[4]) for record in found] == [("train", 8), ("eval", 8), ("train", 9), ("eval", 9)]
    assert [values(record)["eval_loss"] for record in found if record[0] == "eval"] == [3.25, 3.0]
    assert values(found[0])["loss"] == 2.75


def test_a_bar_may_tell_no_rate() -> None:
    """NeMo's bar goes from the time left to the values."""
    text = "Epoch 0: :  47%|4 | 7/15 [06:19<07:13, reduced_train_loss=11.5, global_step=6.000]\rEpoch 0: :  53%|5 | 8/15 [07:19<06:13, reduced_train_loss=11.25, global_step=7.000]\n"
    assert [(record[4], values(record)["loss"]) for record in read(text)] == [(6, 11.5), (7, 11.25)]


def test_the_best_of_a_search_is_no_record() -> None:
    """A bar over trials shows the best of all, which no training has just printed."""
    assert (
        read(
            "\r 50%|#####     | 10/20 [27:30<27:30, 165.00s/it, best loss: 0.5]\n100%|##########| 20/20 [55:30<00:00, 166.50s/it, best loss: 0.25]\n"
        )
        == []
    )


@pytest.mark.parametrize("size", [1 << 20, 200, 60])
def test_bars_behind_the_newest_record_tell_how_far_the_run_is(size: int) -> None:
    """In however many pieces a log comes, the newest frame counts, though no record stands behind it yet."""

    def frame(step: int) -> str:
        return f"\r{step // 10:3}%|#         | {step}/1000 [00:{step % 60:02}<10:00,  1.00it/s]"

    lines = [f"{frame(step)}\r{{'loss': 1.5, 'learning_rate': 1e-05, 'epoch': {step / 100}}}\n" for step in range(1, 40)]
    data = ("".join(lines) + frame(40) + frame(41) + "\r").encode()
    reader = Reader("log", facts=Facts())
    for at in range(0, len(data), size):
        reader.feed(data[at : at + size], at)
    assert reader.progress == (40, 1000)
    assert reader.bar == (41, 1000, 41.0)
