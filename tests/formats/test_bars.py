from __future__ import annotations

from tests.formats.reading import read, values

from trainwatch.formats.bars import clock, frames, record, steps_of
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
    made = record(frame)
    assert made is not None
    assert made.step == 110


def test_a_bar_of_an_evaluation_is_no_train_record() -> None:
    """Values behind a validation bar are progress within an evaluation."""
    (frame,) = frames(b"Validation:  10%|x  | 10/100 [00:10<01:30,  1.00it/s, loss=1.5]")
    made = record(frame)
    assert made is not None
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
