from __future__ import annotations

import pytest
from tests.formats.reading import read, values

NOTHING = [
    "learning_rate: 0.001\nloss_weight: 0.5\nepochs: 10\n",
    "Namespace(lr=0.0001, epochs=50, loss='ce', step=3)\n",
    '    print(f"step {step}: loss={loss:.4f}")\n',
    "loss = criterion(out, y)  # step 1\n",
    "wandb:   val/loss █▄▂▂▁▁\nwandb: train/loss 0.5\n",
    "Traceback (most recent call last):\n  File 'train.py', line 3, in step\nRuntimeError: loss is nan at step 5\n",
    "Best score at epoch 5: val_loss=0.1\n",
    "> working on iteration: 30\n",
    "[launch.py:256:main] process 1 spawned with command: ['--learning_rate', '9.65e-6', '--epochs', '3']\n",
    "max_loss: 0.05 step_size: 10\n",
]


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_invented(text: str) -> None:
    """Configuration, source code, sparklines, tracebacks and summaries hold no records."""
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "step", "epoch", "expect"),
    [
        ("epoch 3 step 120 loss=0.5 lr=1e-3\n", "train", 120, 3.0, {"loss": 0.5, "learning_rate": 0.001}),
        ("Step 100 | loss: 2.5 | grad norm: 1.25\n", "train", 100, None, {"loss": 2.5}),
        ("Eval at step 2000: loss=95.86, kd=14.85\n", "eval", 2000, None, {"eval_loss": 95.86, "kd": 14.85}),
        ("epoch 2: val_loss=0.75 val_acc=0.5\n", "eval", None, 2.0, {"eval_loss": 0.75, "val_loss": 0.75, "val_acc": 0.5}),
        ("2026-01-01 10:00:00 INFO iteration 7 total_loss: nan\n", "train", 7, None, {"loss": "nan"}),
        ("Epoch: [0]  [  5/139]  eta: 0:04:19  lr: 0.0001  loss: 23.0548 (24.1173)\n", "train", None, 0.0, {"loss": 23.0548}),
        ("Test: [  30/30]  Time: 3.856 (0.732)  Loss:   6.615 ( 6.691)  Acc@1: 0.0\n", "eval", None, None, {"eval_loss": 6.691}),
        ("100/5000 train_loss: 2.5 train_time: 2.4m\n", "train", 100, None, {"loss": 2.5}),
    ],
)
def test_a_line_with_a_counter_and_a_loss_is_read(text: str, kind: str, step: object, epoch: object, expect: dict[str, object]) -> None:
    """Name, value and counter make a record, in the usual spellings."""
    (record,) = read(text)
    assert (record[0], record[4], record[5]) == (kind, step, epoch)
    assert {name: values(record).get(name) for name in expect} == expect


def test_a_heading_gives_the_epoch() -> None:
    """Lines under `Epoch 3/20` belong to that epoch; train and validation loss of one line are two records."""
    text = "Epoch 3/20\n 196/196 [==============================] - 1s 5ms/step - loss: 1.8098 - val_loss: 1.7435\n"
    assert [(record[0], record[5]) for record in read(text)] == [("train", 3.0), ("eval", 3.0)]


def test_progress_within_an_evaluation_is_a_bar() -> None:
    """Of the lines of an evaluation only the last is the evaluation."""
    text = "".join(f"Test:  [{i:3}/31]  loss: 0.5 (0.6)\n" for i in (0, 10, 20, 30))
    assert [record[0] for record in read(text)] == ["bar", "bar", "bar", "eval"]


def test_a_known_format_silences_the_generic_reader() -> None:
    """Once a format is recognised, lines that only look like records are left alone."""
    text = "iter 1: loss 2.0, time 1.0ms, mfu 3.0%\nsampled at step 5: loss=3.0\n"
    assert [record[1] for record in read(text)] == ["nanogpt"]


def test_asked_for_alone_it_reads_json_and_tables_too() -> None:
    """JSON inside text and tables under a header are names and values as well."""
    text = '[train_inner][INFO] - {"epoch": 1, "loss": "9.4", "num_updates": "200"}\nepoch,step,train_loss\n1,300,0.5\n'
    assert [(record[0], record[4]) for record in read(text, names=["generic"])] == [("train", 200), ("train", 300)]


def test_a_name_that_stands_twice_is_left_out_unless_it_is_a_loss() -> None:
    """What is ambiguous is not read; two losses in a line may be two records, and none is invented."""
    (record,) = read("step 5 loss: 0.5 | skipped: 0 | skipped: 1 |\n", names=["generic"])
    assert values(record) == {"loss": 0.5}
    assert read("step 5 loss: 0.5 loss: 0.7\n", names=["generic"]) == []
