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
    "lr: 0.001, loss_weight: 0.5\n",
    "epoch: 100\nloss_temp: 8\n",
    "batch_idx = 0; train_loss= 0; eval_loss = 0; losses = []; best_eval_PER=10\n",
    "optimizer with lr=0.001 and label smoothing, loss=0.5\n",
    "Epoch: [3] Total time: 0:04:52 (2.1 s / it)\nAveraged stats: lr: 0.1  loss: 3.1 (2.9)\n",
    "Epoch 3/5\nwandb: valid_loss 0.25\nwandb:   val/loss 3.25\n",
    "Final validation loss: 0.5\nValidation loss: 0.25\n",
    "class_loss_coef: 1.0\nloss_scale: 128.0\nepochs: 3 loss_weight: 0.5\n",
    "engine: task=detect, epochs=10, batch=16, save=True, cache=False, iou=0.7, val=True, lr0=0.01, loss=0.5\n",
    "Epoch 3/5\n2. **Total score with new test:**  Her new total score is 320 + 95 = 415\n",
    "Epoch 3: best_val_loss=0.25\nstep 3 min_loss: 0.5\n",
    "| Name | Value |\n|------|-------|\n| loss | 0.5 |\n",
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
        ("12 Real loss: 0.75 Fake loss: 0.5\n", "train", 12, None, {"Real loss": 0.75, "Fake loss": 0.5}),
        ("[3,  2000] loss: 1.25\n", "train", None, 3.0, {"batch": 2000.0, "loss": 1.25}),
        ("DEBUG TRAIN Batch 2/100 loss 150.5 loss_att 100.25 lr 0.001 rank 0\n", "train", 100, 2.0, {"loss": 150.5, "loss_att": 100.25}),
        (
            "Epoch 1, batch 50, loss[loss=1.25, ctc_loss=1.5, over 510.00 frames. ], tot_loss[loss=2.5, ctc_loss=2.75, over 25.00 frames. ], lr: 2.5e-02\n",
            "train",
            50,
            1.0,
            {"loss": 1.25, "ctc_loss": 1.5, "learning_rate": 0.025},
        ),
        ("global_step=1024, episodic_return=21.0\n", "train", 1024, None, {"episodic_return": 21.0}),
        (
            "[INFO] Ball. Step: 12000. Time Elapsed: 30.5 s. Mean Reward: 1.25. Std of Reward: 0.75. Training.\n",
            "train",
            12000,
            None,
            {"Mean Reward": 1.25},
        ),
        ("Episode 7/500, episode reward: 12.5, epsilon: 0.5\n", "train", 7, None, {"episode reward": 12.5}),
        ("Epoch:[1/2](20/4292) loss:2.25 lr:0.0005 epoch_Time:65.0min:\n", "train", 20, 1.0, {"loss": 2.25, "learning_rate": 0.0005}),
        ("step:9 - val/test_score/maths:0.25\n", "eval", 9, None, {"val/test_score/maths": 0.25}),
        ("step 5 train_nll=1.5 num_loss_tokens=900\n", "train", 5, None, {"loss": 1.5}),
        ("LR: 0.0005, Acc: 56.25, Loss: 0.75\n", "train", None, None, {"learning_rate": 0.0005, "loss": 0.75}),
        ("Epoch 4\ncv_loss: 0.75\n", "eval", None, 4.0, {"eval_loss": 0.75}),
        ("Epoch 1\ncur metric, acc: 0.5, hmean: 0.25\n", "eval", None, 1.0, {"acc": 0.5}),
        ("epoch 2: val_loss=0.75 val_acc=0.5\n", "eval", None, 2.0, {"eval_loss": 0.75, "val_loss": 0.75, "val_acc": 0.5}),
        ("2026-01-01 10:00:00 INFO iteration 7 total_loss: nan\n", "train", 7, None, {"loss": "nan"}),
        ("Epoch: [0]  [  5/139]  eta: 0:04:19  lr: 0.0001  loss: 23.0548 (24.1173)\n", "train", None, 0.0, {"loss": 23.0548}),
        ("Test: [  30/30]  Time: 3.856 (0.732)  Loss:   6.615 ( 6.691)  Acc@1: 0.0\n", "eval", None, None, {"eval_loss": 6.691}),
        ("100/5000 train_loss: 2.5 train_time: 2.4m\n", "train", 100, None, {"loss": 2.5}),
        (
            "[2026-01-02 10:00:00 net] (main.py 31): INFO Train: [3/90][10/92]\teta 0:04:26 lr 0.1\tloss 6.9 (7.1)\n",
            "train",
            None,
            3,
            {"loss": 6.9},
        ),
        ("Epoch: [2][ 10/391]\tTime  0.05 ( 0.1)\tLoss 1.5e+00 (1.6e+00)\tAcc@1  45.00 ( 44.00)\n", "train", None, 2, {"Acc@1": 45.0}),
        ("Epoch 7, val loss is 0.0323, val mse is 0.0127.\n", "eval", None, 7.0, {"eval_loss": 0.0323, "val mse": 0.0127}),
        (
            "[12/09/26 19:27:10] INFO   Epoch 8: recons 3.1e-01  loss 6.8e-01  kl 1.5e+00\n",
            "train",
            None,
            8.0,
            {"loss": 0.68, "recons": 0.31},
        ),
        ("[ Valid | 050/100 ] loss = 0.05931, acc = 0.97845 -> best\n", "eval", None, 50.0, {"eval_loss": 0.05931, "acc": 0.97845}),
        ("iter 300:, hard_loss_metric=0.32, full_loss_num=7053.7, lr=0.0001\n", "train", 300, None, {"loss": 0.32}),
        ("<epoch: 30, iter:   2,800, lr:1.0e-04> l_g_pix: 3.2e-03 l_d_real: 3.5e-04 \n", "train", 2800, 30.0, {"loss": 0.0032}),
        (
            "[host] 2026-04-23 04:59:25,764 (trainer:7) INFO: 1epoch:train:1-90batch: loss_ctc=5.5, acc=4.0e-04, loss=8.0\n",
            "train",
            90,
            1.0,
            {"loss": 8.0},
        ),
        ("| epoch   1 |   200/ 2983 batches | lr 20.00 | ms/batch 10.11 | loss  7.65 | ppl  2098.51\n", "train", 200, 1.0, {"loss": 7.65}),
        ("[049500/50000] WMS    | loss 0.1783 | VRAM 9.8/15.9GB (62%) | 3.14 it/s | batch 16\n", "train", 49500, None, {"loss": 0.1783}),
        ("Epoch: 020/099 | Batch 0005/0011 | Loss: 3.813119\n", "train", 5, 20.0, {"loss": 3.813119}),
        ("step 10 | epoch: 0.25 | loss: nan | best: 0.5\n", "train", 10, 0.25, {"loss": "nan"}),
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


def test_what_stands_under_a_heading_belongs_to_its_epoch() -> None:
    """A heading may carry a logger's prefix, and the lines under it may say train and val in words of their own."""
    text = (
        "2026-01-02 12:01:09,883 - INFO - Epoch 5/50\n2026-01-02 12:01:21,916 - INFO - Train Loss: 0.5, Train Acc: 82.61%\n"
        "2026-01-02 12:03:25,885 - INFO - Val Loss: 0.25, Val Acc: 90.85%\n##### Epoch 6 #####\n\tTrain Loss: 0.4 | Train PPL: 1.5\n"
        "\t Val. Loss: 0.3 |  Val. PPL: 1.35\nEpoch 7/25\n----------\ntrain Loss: 0.125 Acc: 0.8261\nval Loss: 0.75 Acc: 0.9085\n"
    )
    found = [(record[0], record[5], values(record).get("loss") or values(record).get("eval_loss")) for record in read(text)]
    assert found == [
        ("train", 5.0, 0.5),
        ("eval", 5.0, 0.25),
        ("train", 6.0, 0.4),
        ("eval", 6.0, 0.3),
        ("train", 7.0, 0.125),
        ("eval", 7.0, 0.75),
    ]


def test_names_that_stand_twice_are_told_apart_by_their_part() -> None:
    """After the words for training or evaluation, the same name means two things."""
    train, evaluation = read("Epoch 3 | Train: loss 0.5 acc 0.8 | Val: loss 0.25 acc 0.7\n")
    assert (train[0], values(train)) == ("train", {"loss": 0.5, "acc": 0.8})
    assert (evaluation[0], values(evaluation)) == ("eval", {"eval_loss": 0.25, "acc": 0.7})


def test_an_evaluation_without_a_counter_belongs_to_the_training_before_it() -> None:
    """`Test set: ...` and ` * Acc@1 ...` name no epoch; printed again they are no second evaluation."""
    text = (
        "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.3\n\nTest set: Average loss: 0.05, Accuracy: 9800/10000 (98%)\n * Acc@1 98.0 Acc@5 99.0\n"
    )
    assert [(record[0], record[5]) for record in read(text)] == [("train", 1.0), ("eval", 1.0)]
    text = "Epoch: [2][10/391]\tLoss 1.5 (1.6)\nTest: [ 0/79]\tLoss 1.2 (1.2)\n * Acc@1 56.0 Acc@5 95.0\n"
    assert [(record[0], record[5]) for record in read(text)] == [("train", 2.0), ("bar", None), ("eval", 2.0)]


def test_several_records_in_one_line_are_parted_by_their_counters() -> None:
    """A script that prints without newlines still counts epochs."""
    text = "epoch: 1/9, train_loss: 6.5, train_acc: 0.38epoch: 2/9, train_loss: 6.25, train_acc: 0.39\n"
    assert [(record[5], values(record)["loss"]) for record in read(text)] == [(1.0, 6.5), (2.0, 6.25)]


def test_both_lines_of_a_test_error_are_one_evaluation() -> None:
    """`Test Error:` announces what the next line tells."""
    text = "Epoch 1\n-------\nloss: 2.303494  [   64/60000]\nTest Error: \n Accuracy: 44.9%, Avg loss: 2.143894 \n"
    assert [(record[0], record[5]) for record in read(text)] == [("train", 1.0), ("eval", 1.0)]


def test_an_echo_of_an_evaluation_is_none() -> None:
    """What is printed of an evaluation again before the training goes on, such as with the checkpoint, is the same one."""
    text = "Epoch 1/9 - Train Loss: 2.0, Val Loss: 1.7\n  saved (val_loss=1.7)\nEpoch 2/9 - Train Loss: 1.5, Val Loss: 1.6\n  saved (val_loss=1.6)\n"
    assert [record[0] for record in read(text)] == ["train", "eval"] * 2
    text = "Step 50/90; xent: 3.25; lr: 1.0\nValidation perplexity: 5.5\nValidation accuracy: 97.5\nStep 60/90; xent: 3.0; lr: 1.0\n"
    assert [record[0] for record in read(text)] == ["train", "eval", "train"]
    text = (
        "INFO:tensorflow:loss = 0.5, step = 100 (8.9 sec)\nINFO:tensorflow:Saving dict for global step 100: eval_accuracy = 0.875, loss = 0.25\n"
        "INFO:tensorflow:  eval_accuracy = 0.875\n"
    )
    assert [record[0] for record in read(text)] == ["train", "eval"]


@pytest.mark.parametrize(
    ("text", "step", "loss"),
    [
        ("Training loss (for one batch) at step 200: 0.5\n", 200, 0.5),
        ("Average loss at step 2000 : 0.5\n", 2000, 0.5),
        ("7 | loss 0.5 | lr 1.0e-04 | 315.12ms | mfu 12.00%\n", 7, 0.5),
        ("[10 | 30.52] loss=0.5 avg=0.75\n", 10, 0.5),
        ("200/1000: loss 0.5, acc 0.75\n", 200, 0.5),
        ("2026-07-07 12:01:34,174 INFO: [INFO] loss: 0.5, orth_loss: 0.0018, grad_norm: 21.125\n", None, 0.5),
    ],
)
def test_where_a_line_counts(text: str, step: int | None, loss: float) -> None:
    """A count may stand before all else, between name and value, or nowhere in a logger's line that begins with its loss."""
    (record,) = read(text)
    assert (record[0], record[4], values(record)["loss"]) == ("train", step, loss)


def test_figures_of_the_whole_run_are_a_summary() -> None:
    """PaddleNLP's Trainer prints them as it prints its records."""
    text = (
        "[2026-05-08 11:44:07,423] [    INFO] - loss: 0.5, learning_rate: 9.8e-06, global_step: 20, epoch: 0.2\n"
        "[2026-05-08 11:44:09,523] [    INFO] - train_runtime: 100.0, train_samples_per_second: 3.0, train_loss: 0.75, epoch: 1.0\n"
    )
    assert [record[0] for record in read(text)] == ["train", "summary"]


def test_a_bar_that_announces_a_loss_tells_none() -> None:
    """What stands behind dots counts the work of finding it."""
    assert read("Epoch 3/5\nCalculating loss...: 15it [01:00,  4.06s/it]\n") == []


def test_what_stands_under_the_heading_of_an_evaluation() -> None:
    """`Eval epoch: 4` makes the next line an evaluation at that epoch; `Training epoch: 5` ends it."""
    text = "Training epoch: 4\n\tmean_loss: 5.5\nEval epoch: 4\n\tmean_loss: 5.75\nDone.\nTraining epoch: 5\n\tmean_loss: 5.25\n"
    found = read(text)
    assert [(record[0], record[5], values(record).get("loss", values(record).get("eval_loss"))) for record in found] == [
        ("train", 4.0, 5.5),
        ("eval", 4.0, 5.75),
        ("train", 5.0, 5.25),
    ]


def test_a_thread_may_have_a_long_number() -> None:
    """The lines of absl name the thread by an address."""
    (record,) = read("I0103 20:09:51.218508 139972513848384 logging_writer.py:48] [10] train_loss=0.625, steps_per_sec=2.5\n")
    assert (record[0], record[4], values(record)["loss"]) == ("train", 10, 0.625)


def test_a_few_lines_of_a_format_do_not_end_a_log_of_none() -> None:
    """A line that looks like a format's, among many that do not, leaves these to be read; the other way round they are noise."""
    unknown, known = "step %d/900 (0.5%%) | loss: 2.5 | lr(a:0.5, b:0.25)\n", "step %d/900 (0.5%%) | loss: 1.5\n"
    stranger = "".join(unknown % step for step in range(100))
    found = read(stranger + known % 100 + stranger)
    assert len(found) == 201
    assert len(read(known % 1 + stranger)) == 1


def test_to_validate_is_to_evaluate() -> None:
    """`Validate` says as much as `Validation`, as a name's first word, before brackets, and in front of values."""
    text = "Epoch 1\nTrain Loss: 2.5 Validate Loss 2.75\nEpoch 2\nTrain Loss: 2.0\nValidate: [9/10]\tTime 0.5 (0.25)\tLoss 2.5 (2.25)\n"
    found = read(text)
    assert [(record[0], values(record).get("loss", values(record).get("eval_loss"))) for record in found] == [
        ("train", 2.5),
        ("eval", 2.75),
        ("train", 2.0),
        ("eval", 2.25),
    ]
