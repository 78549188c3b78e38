from __future__ import annotations

import pytest
from tests.formats.reading import read, values

TABLES = [
    "Epoch\tTraining Loss\tValidation Loss\tAccuracy\n1\t0.5\t0.25\t0.8\n2\t0.375\t0.125\t0.85\n",
    "epoch     train_loss  valid_loss  accuracy  time    \n1         0.5000      0.2500      0.8000    00:10     \n2         0.375       0.125       0.85      00:10     \n",
    "| Epoch | Training Loss | Validation Loss | Accuracy |\n|:-----:|:---:|:---:|:---:|\n| 1 | 0.5 | 0.25 | 0.8 |\n| 2 | 0.375 | 0.125 | 0.85 |\n",
    "epoch       main/loss   validation/main/loss  validation/main/accuracy\n1           0.5         0.25                  0.8\n2           0.375       0.125                 0.85\n",
]


@pytest.mark.parametrize("text", TABLES)
def test_rows_under_names_are_records(text: str) -> None:
    """Notebook, fastai, model card and Chainer print the same table; each row is a train record and an evaluation."""
    records = read(text)
    assert [(record[0], record[5]) for record in records] == [("train", 1.0), ("eval", 1.0), ("train", 2.0), ("eval", 2.0)]
    assert [values(record).get("loss") for record in records[::2]] == [0.5, 0.375]
    assert [values(record).get("eval_loss") for record in records[1::2]] == [0.25, 0.125]


def test_two_columns_are_a_table_too() -> None:
    """Step and loss."""
    assert [(record[4], values(record)["loss"]) for record in read("Step \tTraining Loss\n10\t2.5\n20\t2.25\n")] == [(10, 2.5), (20, 2.25)]


def test_step_word_value_needs_no_names() -> None:
    """`120 train 3.84`, as the log file of a GPT built from scratch has it."""
    records = read("0 val 10.95\n0 hella 0.2463\n0 train 10.955032\n1 train 10.65\n")
    assert [(record[0], record[4]) for record in records] == [("eval", 0), ("eval", 0), ("train", 0), ("train", 1)]


def test_the_console_of_yolo_is_read_by_its_line_of_names() -> None:
    """One train record an epoch whatever the bar printed, and one evaluation over all classes."""
    text = (
        "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
        "      3/100      2.69G      1.625      1.5      1.25          1        640: 100% ------ 409/409 2.3it/s 2:60\n"
        "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100% ---- 29/29 2.3it/s 0:12\n"
        "                   all        925       1248      0.683      0.504      0.498      0.276\n"
        "                 green        328        414      0.968      0.973       0.99      0.794\n"
    )
    train, evaluation = read(text)
    assert (train[0], train[5], values(train)["loss"]) == ("train", 3.0, 1.625)
    assert (evaluation[0], values(evaluation)) == ("eval", {"precision": 0.683, "recall": 0.504, "mAP50": 0.498, "mAP50-95": 0.276})


def test_an_evaluation_of_yolo_needs_no_line_of_names() -> None:
    """Where the bar that holds the names went elsewhere, they are the usual four."""
    (evaluation,) = read("                 all         17         17      0.125       0.25     0.0625     0.0125\n")
    assert evaluation[0] == "eval"
    assert values(evaluation) == {"precision": 0.125, "recall": 0.25, "mAP50": 0.0625, "mAP50-95": 0.0125}


def test_a_line_of_yolos_results_has_no_names() -> None:
    """YOLOv7's results.txt: fifteen columns, of which the last three are losses of the evaluation."""
    text = "     20/99     9.24G   0.05355   0.02359   0.01004   0.08718       235       640     0.543     0.294    0.2363    0.1405   0.07898   0.04684   0.01689\n"
    train, evaluation = read(text)
    assert (train[5], values(train)["loss"]) == (20.0, 0.08718)
    assert values(evaluation)["mAP50"] == 0.2363


@pytest.mark.parametrize(
    "text",
    [
        "Package    Version\n---------  -------\ntorch      2.4\nloss       0.5\n",
        "name  loss  lr\nsgd   0.5   0.1\n",
        "epoch  lr  time\n1      0.1  2.5\n",
        "step,time\n1  2\n",
        "              precision    recall  f1-score   support\n\n           0       0.97      0.92      0.94      4036\n",
    ],
)
def test_other_tables_hold_no_records(text: str) -> None:
    """Without a column that counts and one that is a loss, a table is something else."""
    assert read(text) == []


def test_the_table_of_spacy_counts_under_signs() -> None:
    """Epochs stand under `E`, steps under `#`; the scores of a row are its evaluation."""
    text = (
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE \n"
        "---  ------  ------------  --------  ------  ------  ------  ------\n"
        "  0       0          0.00    143.25    0.00    0.00    0.00    0.00\n"
        "  3     100         30.25    700.50   38.50   47.75   32.00    0.39\n"
    )
    records = read(text)
    assert [(record[0], record[4], record[5]) for record in records] == [
        ("train", 0, 0.0),
        ("eval", 0, 0.0),
        ("train", 100, 3.0),
        ("eval", 100, 3.0),
    ]
    assert values(records[3])["SCORE"] == 0.39


def test_an_epoch_of_yolo_that_goes_on_is_a_bar() -> None:
    """Where each picture of the bar has a line of its own, the last one of the epoch is the record."""
    head = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
    row = "      3/100      2.69G      {}      1.625      1.5        263        640:  {}|####| {}/409 [00:02<00:10, 4.9it/s]\n"
    found = read(head + row.format(1.75, " 50%", 200) + row.format(1.5, "100%", 409))
    assert [(record[0], values(record)["loss"]) for record in found] == [("bar", 1.75), ("train", 1.5)]
