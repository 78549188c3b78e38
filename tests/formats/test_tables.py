from __future__ import annotations

from tests.formats.reading import read, values

BOX = """\
-----------------------------------------
| time/                   |             |
|    total_timesteps      | 4096        |
| train/                  |             |
|    entropy_loss         | -1.38       |
|    learning_rate        | 0.0003      |
|    loss                 | -0.016      |
-----------------------------------------
"""


def test_a_box_is_a_record() -> None:
    """Sections and names make the names; timesteps are the step; the loss may be negative."""
    (record,) = read(BOX)
    assert (record[0], record[1], record[2], record[4]) == ("train", "tables", 8, 4096)
    assert values(record)["loss"] == -0.016
    assert values(record)["train/entropy_loss"] == -1.38
    assert values(record)["learning_rate"] == 0.0003


def test_rows_under_a_header() -> None:
    """Train and validation columns of a row are two records; empty cells are absent."""
    found = read("epoch,train_loss,val_loss,lr\n1,1.5,1.75,0.1\n2,1.25,,0.1\n3,,1.5,\n")
    assert [(record[0], record[5]) for record in found] == [("train", 1.0), ("eval", 1.0), ("train", 2.0), ("eval", 3.0)]
    assert values(found[1]) == {"eval_loss": 1.75, "val_loss": 1.75}


def test_a_loss_under_a_name_of_its_own() -> None:
    """What Caffe's parse_log writes: the loss is the one loss there is."""
    (record,) = read("NumIters,Seconds,LearningRate,accuracy,softmax_loss\n1000.0,253.5,0.01,0.9375,4.75\n")
    assert (record[0], record[4], values(record)["loss"]) == ("train", 1000, 4.75)


def test_numbers_without_a_header_that_counts_are_nothing() -> None:
    """Data with commas is no table of metrics."""
    assert read("r,l,t\n1.0,2.0,3.0\n1,2,3,4\nname,loss,x\n1,2,3\n") == []


def test_a_row_that_counts_may_hold_text() -> None:
    """A time of day, the name of a run: what counts and the losses are numbers, and that is enough."""
    found = read("timestamp,epoch,batch,loss\n2026-01-02 10:00:00,1,100,1.5\n2026-01-02 10:00:09,1,200,1.25\nat last,done,,n/a\n")
    assert [(record[0], record[5], values(record)["loss"]) for record in found] == [("train", 1.0, 1.5), ("train", 1.0, 1.25)]
